import path from 'node:path'
import { CURRENCIES } from '#domain/currency.ts'
import { WORKED_EXAMPLES } from '#domain/examples/all-examples.ts'
import { MINUTE_MS, parseInstant } from '#domain/instant.ts'
import { decimalsOf } from '#domain/money.ts'
import type { Parameters } from '#domain/operators/rule.ts'
import { STREAM_RULES } from '#domain/rules/catalogue.ts'
import { toLogEvents } from '#domain/testing/events.ts'
import { projectRoot } from '#platform/environment.ts'
import { edgeCases } from './edge-cases.ts'
import { javaCase } from './java-case.ts'
import { randomCase } from './random-log.ts'

const flink = path.join(projectRoot, 'scale/flink')
/** Long after the examples' events: how late each is, is told by the log that way too. */
const APPENDED = parseInstant('2026-12-01T00:00:00Z') ?? 0
const COMMITTED_SEED = 11
const COMMITTED_EVENTS = 120

/** Files of the Java side that are written from here, with what they must hold; `java-cases-main.ts` writes them. */
export function committedFiles(): Map<string, string> {
  return new Map([
    [path.join(flink, 'src/test/resources/cases/worked-examples.json'), lines(workedExamples())],
    [
      path.join(flink, 'src/test/resources/cases/drawn.json'),
      lines([randomCase(COMMITTED_SEED, COMMITTED_EVENTS)]),
    ],
    [path.join(flink, 'src/test/resources/cases/edges.json'), lines(edgeCases())],
    [path.join(flink, 'src/test/resources/cases/rules.json'), lines(rules())],
    [path.join(flink, 'src/main/resources/tillstream/currency-decimals.properties'), currencyDecimals()],
  ])
}

/** Rules as they come: one that the Java side lacks, or brings with another number, is found though no case meets it. */
function rules() {
  return STREAM_RULES.map(({ name, kind, ends, parameters }) => ({
    name,
    kind,
    isTimed: ends === 'by itself',
    parameters: Object.entries(parameters as Parameters).map(([parameter, { initial }]) => ({
      name: parameter,
      initial,
    })),
  }))
}

function workedExamples() {
  return WORKED_EXAMPLES.map(({ title, events, ...stated }) => {
    const records = events
      .flatMap(event => toLogEvents(event))
      .map((event, index) => ({ ...event, offset: index + 1, appendedAt: APPENDED + index * MINUTE_MS }))
    return javaCase(title, records, { stated })
  })
}

/** One case a line: a change of one is a change of its line. */
export function lines(cases: readonly unknown[]): string {
  return `[\n${cases.map(one => JSON.stringify(one)).join(',\n')}\n]\n`
}

function currencyDecimals(): string {
  const others = CURRENCIES.toSorted().flatMap(code =>
    decimalsOf(code) === 2 ? [] : [`${code}=${decimalsOf(code)}`],
  )
  return `# Written by server/stream/testing/java-cases: decimals of currencies that are not written with two (Unicode CLDR).\n${others.join('\n')}\n`
}
