import type { Season } from './seasons.ts'

/** What a category sells, for how much, and how it sells. */
export interface Category {
  name: string
  /** Begins the skus of its products. */
  code: string
  /** List prices in EUR lie between these; of a gram where it is weighed. */
  priceFrom: number
  priceTo: number
  /** Decimals list prices end on: goods by the gram or the decimetre have more than two. */
  decimals: 2 | 3 | 4
  /** Units of a line, at most. */
  mostUnits: number
  /** Sold by the gram: the list price is that of a gram, and a line is one unit at its weighed price. */
  weighed?: true
  season: Season
  /** By how many percent fewer are bought where the price is one percent higher. */
  elasticity: number
  /** Units that suppliers put in a pack of the cheaper half; dearer goods come in smaller ones. */
  packSize: number
  /** Categories that are bought with it. */
  goesWith: readonly string[]
  /** What there is of it, by comma. */
  items: string
}

/** A neighbourhood shop for kitchen and home. */
export const CATEGORIES: readonly Category[] = [
  category('CF', 'Coffee', {
    sells: { priceFrom: 3.5, priceTo: 19, mostUnits: 4, season: 'cool', elasticity: 1.6, packSize: 6 },
    goesWith: ['Biscuits', 'Tea', 'Tableware'],
    items:
      'espresso beans, filter coffee, decaf beans, single origin, ground coffee, cold brew, coffee pods, instant coffee, coffee filters, French press, milk frother, moka pot, travel mug',
  }),
  category('TE', 'Tea', {
    sells: { priceFrom: 2.4, priceTo: 14, mostUnits: 4, season: 'cool', elasticity: 1.4, packSize: 6 },
    goesWith: ['Biscuits', 'Baking', 'Tableware'],
    items:
      'green tea, black tea, Earl Grey, rooibos, chai, peppermint tea, camomile tea, ginger tea, matcha, jasmine tea, tea strainer, teapot, cocoa',
  }),
  category('PG', 'Pasta and grains', {
    sells: { priceFrom: 1.1, priceTo: 6.5, mostUnits: 6, season: 'even', elasticity: 1.2, packSize: 12 },
    goesWith: ['Sauces and oils', 'Preserves'],
    items:
      'spaghetti, penne, fusilli, lasagne sheets, risotto rice, basmati, bulgur, couscous, polenta, red lentils, chickpeas, white beans, rolled oats',
  }),
  category('SO', 'Sauces and oils', {
    sells: { priceFrom: 1.6, priceTo: 16, mostUnits: 4, season: 'even', elasticity: 1.3, packSize: 6 },
    goesWith: ['Pasta and grains', 'Spices'],
    items:
      'olive oil, rapeseed oil, sesame oil, balsamic vinegar, cider vinegar, tomato passata, pesto, soy sauce, mustard, mayonnaise, curry paste, tahini, chilli sauce',
  }),
  category('PR', 'Preserves', {
    sells: { priceFrom: 1.2, priceTo: 9.5, mostUnits: 6, season: 'even', elasticity: 1.3, packSize: 12 },
    goesWith: ['Bakery', 'Pasta and grains'],
    items:
      'honey, apricot jam, raspberry jam, orange marmalade, almond butter, peanut butter, hazelnut spread, pickled gherkins, olives, capers, sun-dried tomatoes, artichoke hearts, apple purée',
  }),
  category('BI', 'Biscuits', {
    sells: { priceFrom: 1.3, priceTo: 7.5, mostUnits: 5, season: 'christmas', elasticity: 1.8, packSize: 12 },
    goesWith: ['Coffee', 'Tea', 'Chocolate'],
    items:
      'shortbread, oat biscuits, ginger nuts, crackers, rice cakes, wafers, amaretti, crispbread, pretzels, butter biscuits, rusks, oatcakes, cheese straws',
  }),
  category('CH', 'Chocolate', {
    sells: { priceFrom: 1.1, priceTo: 12, mostUnits: 5, season: 'christmas', elasticity: 2, packSize: 12 },
    goesWith: ['Biscuits', 'Paper and gifts'],
    items:
      'dark chocolate, milk chocolate, pralines, truffles, nougat, marzipan, chocolate almonds, liquorice, caramels, mints, fruit jellies, hot chocolate, chocolate bar',
  }),
  category('LG', 'Loose goods', {
    sells: {
      priceFrom: 0.0045,
      priceTo: 0.085,
      decimals: 4,
      weighed: true,
      mostUnits: 1,
      season: 'even',
      elasticity: 1.1,
      packSize: 24,
    },
    goesWith: ['Baking', 'Spices'],
    items:
      'almonds, cashews, walnuts, raisins, dried mango, muesli, pistachios, quinoa, dates, cane sugar, rye flour, linseed, dried figs',
  }),
  category('SP', 'Spices', {
    sells: { priceFrom: 0.95, priceTo: 7.8, mostUnits: 3, season: 'even', elasticity: 0.8, packSize: 12 },
    goesWith: ['Sauces and oils', 'Loose goods'],
    items:
      'cinnamon, black pepper, paprika, cumin, turmeric, nutmeg, cardamom, bay leaves, oregano, thyme, sea salt, vanilla pods, chilli flakes',
  }),
  category('BA', 'Baking', {
    sells: { priceFrom: 0.85, priceTo: 9, mostUnits: 5, season: 'christmas', elasticity: 1.2, packSize: 12 },
    goesWith: ['Loose goods', 'Kitchen tools'],
    items:
      'plain flour, spelt flour, caster sugar, icing sugar, baking powder, dried yeast, ground almonds, cooking chocolate, cake tin, muffin cases, piping bags, cookie cutters, parchment',
  }),
  category('BK', 'Bakery', {
    sells: { priceFrom: 0.45, priceTo: 6.2, mostUnits: 6, season: 'even', elasticity: 1, packSize: 6 },
    goesWith: ['Preserves', 'Coffee'],
    items:
      'sourdough loaf, rye bread, baguette, ciabatta, bagel, croissant, cinnamon roll, brioche, focaccia, seeded roll, banana bread, flatbread, pretzel roll',
  }),
  category('CD', 'Cold drinks', {
    sells: { priceFrom: 0.95, priceTo: 5.9, mostUnits: 8, season: 'warm', elasticity: 1.7, packSize: 24 },
    goesWith: ['Biscuits', 'Garden'],
    items:
      'apple juice, orange juice, elderflower cordial, ginger beer, tonic water, lemonade, sparkling water, iced tea, kombucha, cola, grape juice, ginger shot, alcohol-free beer',
  }),
  category('TW', 'Tableware', {
    sells: { priceFrom: 4, priceTo: 38, mostUnits: 6, season: 'christmas', elasticity: 1.5, packSize: 4 },
    goesWith: ['Glassware', 'Textiles'],
    items:
      'mug, espresso cup, dinner plate, side plate, pasta bowl, cereal bowl, salad bowl, serving dish, egg cup, butter dish, cake stand, napkin ring, milk jug',
  }),
  category('GW', 'Glassware', {
    sells: { priceFrom: 3.2, priceTo: 29, mostUnits: 6, season: 'christmas', elasticity: 1.5, packSize: 6 },
    goesWith: ['Tableware', 'Cold drinks'],
    items:
      'water glass, wine glass, champagne glass, carafe, tumbler, beer glass, latte glass, shot glass, storage jar, decanter, tealight holder, vase, glass straw',
  }),
  category('KT', 'Kitchen tools', {
    sells: { priceFrom: 3, priceTo: 64, mostUnits: 2, season: 'christmas', elasticity: 1.4, packSize: 3 },
    goesWith: ['Baking', 'Cookware'],
    items:
      'chef knife, paring knife, bread knife, cutting board, peeler, whisk, spatula, ladle, tongs, grater, colander, rolling pin, can opener',
  }),
  category('CW', 'Cookware', {
    sells: { priceFrom: 12, priceTo: 149, mostUnits: 1, season: 'christmas', elasticity: 1.9, packSize: 1 },
    goesWith: ['Kitchen tools', 'Sauces and oils'],
    items:
      'frying pan, saucepan, casserole, wok, grill pan, stock pot, roasting tin, lid, steamer basket, milk pan, pizza stone, kettle, trivet',
  }),
  category('CL', 'Cleaning', {
    sells: { priceFrom: 1.1, priceTo: 12, mostUnits: 4, season: 'spring', elasticity: 1.1, packSize: 12 },
    goesWith: ['Textiles', 'Garden'],
    items:
      'washing-up liquid, dish brush, sponge, laundry powder, stain soap, glass cleaner, bin bags, floor cloth, rubber gloves, scouring paste, descaler, hand soap, broom',
  }),
  category('TX', 'Textiles', {
    sells: { priceFrom: 3, priceTo: 59, mostUnits: 4, season: 'cool', elasticity: 1.6, packSize: 4 },
    goesWith: ['Tableware', 'Cleaning'],
    items:
      'tea towel, apron, oven glove, table runner, tablecloth, napkin, hand towel, bath towel, flannel, cushion cover, throw, tote bag, bath mat',
  }),
  category('PA', 'Paper and gifts', {
    sells: {
      priceFrom: 0.125,
      priceTo: 14,
      decimals: 3,
      mostUnits: 10,
      season: 'christmas',
      elasticity: 1.3,
      packSize: 24,
    },
    goesWith: ['Chocolate', 'Glassware'],
    items:
      'greeting card, envelope, wrapping paper, ribbon by the decimetre, sticker sheet, gift bag, tissue paper, gift tag, string by the metre, notebook, pencil, marker, desk calendar',
  }),
  category('GA', 'Garden', {
    sells: { priceFrom: 1.4, priceTo: 44, mostUnits: 4, season: 'warm', elasticity: 1.5, packSize: 6 },
    goesWith: ['Cold drinks', 'Cleaning'],
    items:
      'potting compost, flower pot, herb seeds, tomato seeds, watering can, secateurs, garden gloves, plant food, bird feed, trowel, lantern, picnic blanket, citronella candle',
  }),
]

type Terms = Omit<Category, 'code' | 'name' | 'goesWith' | 'items' | 'decimals'> &
  Partial<Pick<Category, 'decimals'>>

function category(
  code: string,
  name: string,
  { sells, goesWith, items }: Pick<Category, 'goesWith' | 'items'> & { sells: Terms },
): Category {
  return { code, name, decimals: 2, ...sells, goesWith, items }
}
