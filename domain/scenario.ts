/** Something that goes on in the shops, or goes wrong there, while the simulators play. */
export interface Scenario {
  name: string
  title: string
  /** What happens, in a sentence. */
  description: string
  /** What both paths then show. */
  expected: string
  /** How long it goes on when nobody says otherwise. */
  minutes: number
}

/**
 * What the simulators can play. `ordinary` is always there; every other goes on top of it, and while one plays the stores
 * together sell 45 orders a minute at least: what takes hours on an ordinary day is seen within minutes.
 */
export const SCENARIOS = [
  {
    name: 'ordinary',
    title: 'Ordinary day',
    description:
      'Tills and web shop sell at their usual pace; a line drops now and then, a request is sent twice, an event breaks. Asking for it ends what else plays.',
    expected:
      'Both paths agree at every batch run: late sales revise their minutes, what is sent twice counts once, what is broken is a dead letter. Unexplained 0.',
    minutes: 10,
  },
  {
    name: 'rush',
    title: 'Rush',
    description:
      'The open stores together sell ten times what they sell while a scenario plays: 450 orders a minute.',
    expected:
      'The stream keeps up; until the next run the batch is behind by exactly the orders after it. Shelves run low, and restock alerts open.',
    minutes: 5,
  },
  {
    name: 'supplier-late',
    title: 'Supplier late',
    description:
      'No delivery arrives until it is over, while days of stock rooms pass in ten minutes and stores sell 180 orders a minute; then all that are overdue arrive at once.',
    expected:
      'Stock runs down while orders are under way, and alerts open. The late deliveries resolve them; both paths show the same stock.',
    minutes: 15,
  },
  {
    name: 'till-offline',
    title: 'Till offline',
    description:
      'One till loses its line and sells on; what it sold arrives at once when the line is back. After two hours and more its first minutes are final by then.',
    expected:
      'Its minutes close without it, and where it sells much an alert says within minutes that it is silent. The backlog then revises them as late sales in the stream; the batch counts them in the next run, a closed day as a restatement.',
    minutes: 10,
  },
  {
    name: 'refund-wave',
    title: 'Refund wave',
    description: 'Customers bring back what they bought: for a while there are more returns than sales.',
    expected:
      'Returns rise and net falls in both paths, orders and gross stay. What is put back on the shelves raises stock.',
    minutes: 5,
  },
  {
    name: 'card-fraud',
    title: 'Card fraud',
    description:
      'One customer pays dozens of small orders at one till by card within minutes; a copy of the card pays once in another city; then all of it is cancelled or taken back.',
    expected:
      'An alert within a minute names the card, with its orders; at the next tick of the batch path another says that it was in two places. A spike of orders at one till, then as much in voids and returns: both paths end with the net and the stock from before it.',
    minutes: 3,
  },
  {
    name: 'clock-skew',
    title: 'Clocks that are off',
    description: "The clock of one till runs a day ahead, another's three days behind.",
    expected:
      'What lies a day ahead is a dead letter (clock_skew), and the watermark does not move. What lies three days behind is late: it revises old minutes, and the batch restates those days. The Z reports of both tills differ from the log: that is true.',
    minutes: 3,
  },
  {
    name: 'poison-events',
    title: 'Poison events',
    description:
      'Broken JSON, NUL characters, an unknown type, a wrong field and a second body under a known id come among good sales.',
    expected:
      'Each is a dead letter with its reason, in neither path. The sales between them are counted, and the partition goes on.',
    minutes: 2,
  },
  {
    name: 'flash-promotion',
    title: 'Flash promotion',
    description:
      'One product of which there is little is sold at sixty percent off in every store, and more come for it alone than come anyway.',
    expected:
      'Its units and discounts rise in both paths and its stock falls: alerts for low stock and out of stock, and oversold in the web shop, which sells on.',
    minutes: 5,
  },
  {
    name: 'hot-store',
    title: 'Hot store',
    description: 'Nine in ten orders come from one store, of 135 a minute.',
    expected:
      'One partition of the log carries nearly all the load and its lag stays small; the others follow as before, and both paths agree for each store.',
    minutes: 5,
  },
] as const satisfies readonly Scenario[]

export type ScenarioName = (typeof SCENARIOS)[number]['name']

export function isScenarioName(text: string): text is ScenarioName {
  return SCENARIOS.some(({ name }) => name === text)
}

export function scenarioOf(name: ScenarioName): Scenario {
  const scenario = SCENARIOS.find(one => one.name === name)
  if (!scenario) throw new RangeError(`there is no scenario ${name}`)
  return scenario
}
