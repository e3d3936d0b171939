/** One file a rule, as in `domain/rules/`, where each says what it finds and where the idea comes from. */
package tillstream.domain.rules;
