/**
 * Operators over one partition of the log: rules, metrics and sessions as `domain/operators/` has them. What they keep and
 * say after an entry is a function of the entries up to it and of reference data as of their times; states, alerts and
 * evidence are the same JSON documents, under the same names.
 */
package tillstream.domain.operators;
