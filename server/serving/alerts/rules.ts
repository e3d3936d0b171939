import type { Sql } from '#db/client.ts'
import type { AnyBatchRule } from '#domain/batch-rules/batch-rule.ts'
import { BATCH_RULES } from '#domain/batch-rules/catalogue.ts'
import { type Instant, MINUTE_MS } from '#domain/instant.ts'
import type { AlertKind } from '#domain/operators/alert.ts'
import {
  type AnyRule,
  type Parameter,
  type Parameters,
  type RuleDeclaration,
  valuesOf,
} from '#domain/operators/rule.ts'
import { STREAM_RULES } from '#domain/rules/catalogue.ts'
import { RefusedError } from '#server/serving/failures.ts'

/** A version of a rule: from its instant on events are judged by it. */
interface VersionOfRule {
  version: number
  /** Null: from the beginning, as the rule comes. */
  validFrom: Instant | null
  isOn: boolean
  parameters: Record<string, number>
  changedBy: string | null
  changedAt: Instant | null
}

/** A rule as people see it. */
interface ListedRule {
  name: string
  /** Who judges by it: the stream at once, the batch path at its ticks. */
  path: 'stream' | 'batch'
  kind: AlertKind
  title: string
  /** With the parameters of now in it. */
  description: string
  source: string
  parameters: (Parameter & { name: string; value: number })[]
  isOn: boolean
  version: number
  /** Whether it can be tried on the past. */
  isTriable: boolean
  /** Past this moment another version holds; null: none is to come. */
  nextFrom: Instant | null
  /** The newest first. */
  versions: VersionOfRule[]
}

/** What people see and set of a rule, whoever judges by it. */
type Declared = Pick<RuleDeclaration<Parameters>, 'title' | 'parameters'>
type PathRule = { rule: AnyRule; path: 'stream' } | { rule: AnyBatchRule; path: 'batch' }

const ALL_RULES: readonly PathRule[] = [
  ...STREAM_RULES.map(rule => ({ rule, path: 'stream' as const })),
  ...BATCH_RULES.map(rule => ({ rule, path: 'batch' as const })),
]

type VersionRow = VersionOfRule & { rule: string; validFrom: Instant }

/** The rules of both paths with what people set, as it holds now. */
export async function listRules(sql: Sql): Promise<{ rules: ListedRule[]; now: Instant }> {
  const [[clock], rows] = await Promise.all([
    sql<{ now: Instant }[]>`select clock_timestamp() as now`,
    sql<VersionRow[]>`
      select rule, version, valid_from as "validFrom", is_on as "isOn", parameters, changed_by as "changedBy",
        changed_at as "changedAt"
      from ref.rule_versions order by valid_from`,
  ])
  const now = clock?.now ?? 0
  const versions = Map.groupBy(rows, ({ rule }) => rule)
  return { now, rules: ALL_RULES.map(entry => listed(entry, versions.get(entry.rule.name) ?? [], now)) }
}

/** @param rows oldest first */
function listed(entry: PathRule, rows: readonly VersionRow[], now: Instant): ListedRule {
  const { rule, path } = entry
  const parameters = rule.parameters as Parameters
  const current = rows.findLast(({ validFrom }) => validFrom <= now)
  const values: Record<string, number> = valuesOf(parameters, current?.parameters)
  const asItComes: VersionOfRule = {
    version: 1,
    validFrom: null,
    isOn: true,
    parameters: valuesOf(parameters),
    changedBy: null,
    changedAt: null,
  }
  return {
    name: rule.name,
    path,
    kind: rule.kind,
    title: rule.title,
    description: rule.describe(values),
    source: rule.source,
    parameters: Object.entries(parameters).map(([name, parameter]) => ({
      ...parameter,
      name,
      value: values[name] ?? parameter.initial,
    })),
    isOn: current?.isOn ?? true,
    isTriable: isTriable(entry),
    version: current?.version ?? 1,
    nextFrom: rows.find(({ validFrom }) => validFrom > now)?.validFrom ?? null,
    versions: [
      ...rows.toReversed().map(({ rule: _rule, ...version }) => ({
        ...version,
        parameters: valuesOf(parameters, version.parameters) as Record<string, number>,
      })),
      asItComes,
    ],
  }
}

/** Of products by the hour nothing is kept that a trial over months could read. */
function isTriable({ rule, path }: PathRule): boolean {
  return path === 'stream' || rule.by !== 'product'
}

/**
 * Past every clock that the intake lets in (two minutes ahead), so that no event was ever judged without a version by
 * which a replay would judge it.
 */
const VALID_AFTER_MS = 3 * MINUTE_MS

/**
 * Saves another version of a rule: it holds from three minutes after now.
 * @param version.parameters all that differ from how the rule comes
 * @throws RefusedError naming the rule, or the parameter and its bounds
 */
export async function saveRuleVersion(
  sql: Sql,
  version: { rule: string; isOn: boolean; parameters: Readonly<Record<string, number>>; by: string | null },
): Promise<{ version: number; validFrom: Instant }> {
  const { rule } = ruleNamed(version.rule)
  checkParameters(rule, version.parameters)
  return sql.begin(async transaction => {
    // Two who save at once get one number after the other.
    await transaction`select pg_advisory_xact_lock(hashtext('tillstream.ref.rule_versions'))`
    const [saved] = await transaction<{ version: number; validFrom: Instant }[]>`
      insert into ref.rule_versions (rule, version, valid_from, is_on, parameters, changed_by)
      select ${rule.name}, coalesce(max(version), 1) + 1,
        date_trunc('milliseconds', clock_timestamp()) + ${VALID_AFTER_MS}::float8 * interval '1 millisecond',
        ${version.isOn}, ${JSON.stringify(version.parameters)}::text::jsonb, ${version.by}
      from ref.rule_versions where rule = ${rule.name}
      returning version, valid_from as "validFrom"`
    if (!saved) throw new Error('the version was not written')
    const told = { rule: rule.name, version: saved.version }
    await transaction`select live.append_ops('rule_version', ${JSON.stringify(told)}::text::jsonb)`
    return saved
  })
}

/** @throws RefusedError when there is none of that name */
export function ruleNamed(name: string): PathRule {
  const known = ALL_RULES.find(({ rule }) => rule.name === name)
  if (!known) {
    const names = ALL_RULES.map(({ rule }) => rule.name).join(', ')
    throw new RefusedError(`There is no rule ${JSON.stringify(name)}; there are ${names}.`)
  }
  return known
}

/** @throws RefusedError naming the first one that is unknown, or outside its bounds */
export function checkParameters(rule: Declared, values: Readonly<Record<string, number>>): void {
  const { parameters } = rule
  for (const [name, value] of Object.entries(values)) {
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined
    if (!parameter) {
      throw new RefusedError(
        `${rule.title} has no parameter ${JSON.stringify(name)}; it has ${Object.keys(parameters).join(', ')}.`,
      )
    }
    const { title, unit, least, most } = parameter
    if (!(value >= least && value <= most))
      throw new RefusedError(`${title} lies between ${least} and ${most} ${unit}, not at ${value}.`)
  }
}
