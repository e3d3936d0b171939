import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { Known } from '#app/alerts/alert-list-card.tsx'
import { KIND_TITLES, type Rule } from '#app/alerts/alert-words.ts'
import type { AlertRange } from '#app/alerts/rates-card.tsx'
import { useActor } from '#app/controls/actor.tsx'
import { formatCount, plural } from '#app/format/number.ts'
import { formatMoment } from '#app/format/time.ts'
import { storeName } from '#app/restock/shortage-parts.tsx'
import { useTRPC, useTRPCClient } from '#app/trpc/client.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Button } from '#app/ui/button.tsx'
import { Card, CardContent, type CardQuery, Skeleton } from '#app/ui/card.tsx'
import { failureText } from '#app/ui/failure.tsx'
import { Field, OutcomeLine, TextField } from '#app/ui/form.tsx'
import { Chip, PathTag } from '#app/ui/marks.tsx'
import { DialogFrame } from '#app/ui/popup.tsx'

/** The rules of both paths: what they look for, with which parameters, since when. */
export function RulesCard({
  query,
  range,
  ...known
}: Known & { query: CardQuery<RouterOutputs['alerts']['rules']>; range: AlertRange }) {
  const [opened, setOpened] = useState<string | null>(null)
  const rule = known.rules.find(({ name }) => name === opened)
  return (
    <Card title="Rules" note="what is changed holds from three minutes later on, and for no event before">
      <CardContent query={query} skeleton={<Skeleton className="h-96" />}>
        {({ rules }) => (
          <ul aria-label="Rules" className="grid grid-cols-1">
            {rules.map(one => (
              <li key={one.name} className="grid gap-1 border-t border-line py-3 text-xs first:border-t-0">
                <div className="flex flex-wrap items-center gap-2">
                  <h3 className="font-medium">{one.title}</h3>
                  <Chip>{KIND_TITLES[one.kind]}</Chip>
                  <PathTag path={one.path} />
                  <Chip tone={one.isOn ? 'good' : 'plain'}>{one.isOn ? 'on' : 'off'}</Chip>
                  <span className="text-2xs text-muted">
                    version {formatCount(one.version)}
                    {one.nextFrom === null
                      ? ''
                      : `, another from ${formatMoment(one.nextFrom, known.zone, known.now, { seconds: true })}`}
                  </span>
                  <Button
                    kind="row"
                    className="ml-auto"
                    aria-label={`${one.isTriable ? 'Change or try' : 'Change'}: ${one.title}`}
                    onClick={() => setOpened(one.name)}
                  >
                    {one.isTriable ? 'Change or try' : 'Change'}
                  </Button>
                </div>
                <p>{one.description}</p>
                <p className="text-2xs text-muted">{one.source}</p>
              </li>
            ))}
          </ul>
        )}
      </CardContent>
      <DialogFrame
        isOpen={rule !== undefined}
        title={rule?.title ?? ''}
        description={rule?.description ?? null}
        onClose={() => setOpened(null)}
      >
        {rule ? (
          <div className="min-h-0 grow overflow-y-auto">
            <RuleForm key={rule.name} rule={rule} range={range} {...known} />
            <Versions rule={rule} {...known} />
          </div>
        ) : null}
      </DialogFrame>
    </Card>
  )
}

function RuleForm({ rule, range, ...known }: Known & { rule: Rule; range: AlertRange }) {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const by = useActor()
  const [texts, setTexts] = useState<Record<string, string>>(
    Object.fromEntries(rule.parameters.map(({ name, value }) => [name, String(value)])),
  )
  const save = useMutation(trpc.alerts.saveRule.mutationOptions())
  // Asked for once, by a press: no news of alerts asks for it anew, as they do for the page's other figures.
  const trial = useMutation({
    mutationFn: (parameters: Record<string, number>) =>
      client.alerts.tryRule.query({ rule: rule.name, parameters, range }),
  })
  const parameters = Object.fromEntries(rule.parameters.map(({ name }) => [name, Number(texts[name])]))
  const isWhole = rule.parameters.every(({ name }) => (texts[name] ?? '').trim() !== '')
  const saveAs = (isOn: boolean) => save.mutate({ rule: rule.name, isOn, parameters, by })
  return (
    <form
      className="grid gap-3"
      onSubmit={event => {
        event.preventDefault()
        if (rule.isTriable) trial.mutate(parameters)
      }}
    >
      <div className="grid gap-2 sm:grid-cols-2">
        {rule.parameters.map(({ name, title, unit, least, most, initial }) => (
          <Field key={name} label={`${title}, ${unit} (${least} to ${most}; as it comes ${initial})`}>
            <TextField
              type="number"
              min={least}
              max={most}
              step="any"
              required
              value={texts[name] ?? ''}
              onChange={({ target }) => setTexts({ ...texts, [name]: target.value })}
            />
          </Field>
        ))}
      </div>
      <div className="flex flex-wrap gap-2">
        {rule.isTriable ? (
          <Button type="submit" disabled={!isWhole || trial.isPending}>
            {trial.isPending ? 'Trying' : 'Try on the past'}
          </Button>
        ) : null}
        <Button disabled={!isWhole || save.isPending} onClick={() => saveAs(true)}>
          {rule.isOn ? 'Save as a new version' : 'Save and switch on'}
        </Button>
        {rule.isOn ? (
          <Button kind="quiet" disabled={!isWhole || save.isPending} onClick={() => saveAs(false)}>
            Switch off
          </Button>
        ) : null}
      </div>
      <OutcomeLine
        done={
          save.data
            ? `Version ${formatCount(save.data.version)} holds from ${formatMoment(save.data.validFrom, known.zone, known.now, { seconds: true })} on.`
            : null
        }
        failed={save.error ? failureText(save.error) : trial.error ? failureText(trial.error) : null}
      />
      {trial.data ? <TrialResult trial={trial.data} {...known} /> : null}
    </form>
  )
}

type Trial = RouterOutputs['alerts']['tryRule']

/** `This would have raised 14 alerts in these days, 3 of them confirmed by people.` */
function trialText({ raised, confirmed, falseAlarms, missed, raisedThen }: Trial): string {
  return [
    `This would have raised ${plural(raised, 'alert')} in these days, ${formatCount(confirmed)} of them confirmed by people and ${formatCount(falseAlarms)} judged false.`,
    `The rule raised ${formatCount(raisedThen)} then.`,
    ...(missed > 0 ? [`${plural(missed, 'alert')} that people confirmed would not have been raised.`] : []),
  ].join(' ')
}

function TrialResult({ trial, stores, now, zone }: Known & { trial: Trial }) {
  return (
    <section aria-label="Tried on the past" className="grid gap-2 rounded-control bg-faint p-3 text-xs">
      <p role="status" className="font-medium">
        {trialText(trial)}
      </p>
      <p className="text-2xs text-muted">
        {plural(trial.read, 'entry', 'entries')} of the log read
        {trial.isCut
          ? `, up to ${formatMoment(trial.through, zone, now)}: the rest would have taken too long. Choose fewer days.`
          : '.'}
      </p>
      <ul className="grid gap-1">
        {trial.examples.map(({ store, subject, openedAt, summary }) => (
          <li key={JSON.stringify([store, subject, openedAt])} className="wrap-anywhere">
            <span className="text-muted">
              {formatMoment(openedAt, zone, now)}, {storeName(stores, store)}:
            </span>{' '}
            {summary}
          </li>
        ))}
      </ul>
    </section>
  )
}

function Versions({ rule, now, zone }: Known & { rule: Rule }) {
  return (
    <section aria-label="Versions" className="mt-4 grid gap-2">
      <h3 className="text-xs font-semibold">Versions</h3>
      <ol className="grid gap-1 text-xs">
        {rule.versions.map(({ version, validFrom, isOn, parameters, changedBy }) => (
          <li key={version} className="wrap-anywhere">
            {formatCount(version)}, {isOn ? 'on' : 'off'}:{' '}
            {Object.entries(parameters)
              .map(([name, value]) => `${name} ${value}`)
              .join(', ')}
            <span className="text-muted">
              {validFrom === null
                ? ', as the rule comes'
                : `, from ${formatMoment(validFrom, zone, now, { seconds: true })}, by ${changedBy ?? 'somebody'}`}
            </span>
          </li>
        ))}
      </ol>
    </section>
  )
}
