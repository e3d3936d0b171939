import type { Season } from './seasons.ts'

/** What a category sells, for how much, and how it sells. */
export interface Category {
  name: string
  /** Begins the skus of its products. */
  code: string
  /** What of a list price is not the supplier's, as a fraction, about. */
  margin: number
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
  /** What there is of it, with what it costs in such a shop, in EUR; of a gram where it is weighed. */
  items: readonly { name: string; price: number }[]
}

/** A neighbourhood shop for kitchen and home. */
export const CATEGORIES: readonly Category[] = [
  category('CF', 'Coffee', {
    sells: { margin: 0.42, mostUnits: 4, season: 'cool', elasticity: 1.6, packSize: 6 },
    goesWith: ['Biscuits', 'Tea', 'Tableware'],
    items:
      'espresso beans 13.99, filter coffee 7.49, decaf beans 14.99, single origin 15.99, ground coffee 6.49, cold brew 3.29, coffee pods 4.99, instant coffee 5.49, coffee filters 2.29, French press 24.99, milk frother 19.99, moka pot 29.99, travel mug 17.99',
  }),
  category('TE', 'Tea', {
    sells: { margin: 0.48, mostUnits: 4, season: 'cool', elasticity: 1.4, packSize: 6 },
    goesWith: ['Biscuits', 'Baking', 'Tableware'],
    items:
      'green tea 4.29, black tea 3.49, Earl Grey 3.79, rooibos 3.79, chai 4.49, peppermint tea 2.99, camomile tea 2.99, ginger tea 3.29, matcha 14.99, jasmine tea 4.79, tea strainer 6.99, teapot 26.99, cocoa 4.49',
  }),
  category('PG', 'Pasta and grains', {
    sells: { margin: 0.32, mostUnits: 6, season: 'even', elasticity: 1.2, packSize: 12 },
    goesWith: ['Sauces and oils', 'Preserves'],
    items:
      'spaghetti 1.49, penne 1.49, fusilli 1.49, lasagne sheets 2.29, risotto rice 3.49, basmati 3.99, bulgur 2.29, couscous 2.29, polenta 1.99, red lentils 2.79, chickpeas 1.29, white beans 1.29, rolled oats 1.79',
  }),
  category('SO', 'Sauces and oils', {
    sells: { margin: 0.35, mostUnits: 4, season: 'even', elasticity: 1.3, packSize: 6 },
    goesWith: ['Pasta and grains', 'Spices'],
    items:
      'olive oil 10.99, rapeseed oil 3.99, sesame oil 5.49, balsamic vinegar 6.99, cider vinegar 3.29, tomato passata 1.79, pesto 3.49, soy sauce 3.29, mustard 1.99, mayonnaise 2.79, curry paste 3.49, tahini 4.99, chilli sauce 3.29',
  }),
  category('PR', 'Preserves', {
    sells: { margin: 0.38, mostUnits: 6, season: 'even', elasticity: 1.3, packSize: 12 },
    goesWith: ['Bakery', 'Pasta and grains'],
    items:
      'honey 6.49, apricot jam 3.29, raspberry jam 3.79, orange marmalade 3.29, almond butter 6.99, peanut butter 3.99, hazelnut spread 4.29, pickled gherkins 2.29, olives 2.99, capers 2.79, sun-dried tomatoes 3.99, artichoke hearts 3.99, apple purée 1.79',
  }),
  category('BI', 'Biscuits', {
    sells: { margin: 0.37, mostUnits: 5, season: 'christmas', elasticity: 1.8, packSize: 12 },
    goesWith: ['Coffee', 'Tea', 'Chocolate'],
    items:
      'shortbread 3.49, oat biscuits 2.29, ginger nuts 1.99, crackers 1.99, rice cakes 1.49, wafers 2.29, amaretti 3.99, crispbread 2.49, pretzels 1.99, butter biscuits 2.29, rusks 1.79, oatcakes 2.49, cheese straws 2.99',
  }),
  category('CH', 'Chocolate', {
    sells: { margin: 0.4, mostUnits: 5, season: 'christmas', elasticity: 2, packSize: 12 },
    goesWith: ['Biscuits', 'Paper and gifts'],
    items:
      'dark chocolate 2.49, milk chocolate 1.99, pralines 9.99, truffles 8.49, nougat 3.49, marzipan 3.99, chocolate almonds 4.49, liquorice 1.99, caramels 2.99, mints 1.49, fruit jellies 2.49, hot chocolate 5.99, chocolate bar 1.29',
  }),
  category('LG', 'Loose goods', {
    sells: {
      margin: 0.42,
      decimals: 4,
      weighed: true,
      mostUnits: 1,
      season: 'even',
      elasticity: 1.1,
      packSize: 24,
    },
    goesWith: ['Baking', 'Spices'],
    items:
      'almonds 0.0159, cashews 0.0189, walnuts 0.0169, raisins 0.0069, dried mango 0.0219, muesli 0.0079, pistachios 0.0279, quinoa 0.0089, dates 0.0099, cane sugar 0.0045, rye flour 0.0029, linseed 0.0059, dried figs 0.0119',
  }),
  category('SP', 'Spices', {
    sells: { margin: 0.5, mostUnits: 3, season: 'even', elasticity: 0.8, packSize: 12 },
    goesWith: ['Sauces and oils', 'Loose goods'],
    items:
      'cinnamon 2.29, black pepper 3.29, paprika 2.29, cumin 2.29, turmeric 2.49, nutmeg 2.99, cardamom 4.49, bay leaves 1.79, oregano 1.79, thyme 1.79, sea salt 1.99, vanilla pods 6.99, chilli flakes 2.29',
  }),
  category('BA', 'Baking', {
    sells: { margin: 0.36, mostUnits: 5, season: 'christmas', elasticity: 1.2, packSize: 12 },
    goesWith: ['Loose goods', 'Kitchen tools'],
    items:
      'plain flour 1.29, spelt flour 2.29, caster sugar 1.49, icing sugar 1.29, baking powder 0.89, dried yeast 1.19, ground almonds 3.99, cooking chocolate 2.79, cake tin 14.99, muffin cases 2.49, piping bags 4.99, cookie cutters 6.99, parchment 2.49',
  }),
  category('BK', 'Bakery', {
    sells: { margin: 0.55, mostUnits: 6, season: 'even', elasticity: 1, packSize: 6 },
    goesWith: ['Preserves', 'Coffee'],
    items:
      'sourdough loaf 4.99, rye bread 3.99, baguette 1.79, ciabatta 2.29, bagel 1.29, croissant 1.49, cinnamon roll 2.49, brioche 3.99, focaccia 3.49, seeded roll 0.79, banana bread 3.99, flatbread 1.99, pretzel roll 0.99',
  }),
  category('CD', 'Cold drinks', {
    sells: { margin: 0.34, mostUnits: 8, season: 'warm', elasticity: 1.7, packSize: 24 },
    goesWith: ['Biscuits', 'Garden'],
    items:
      'apple juice 2.29, orange juice 2.99, elderflower cordial 4.99, ginger beer 1.79, tonic water 1.49, lemonade 1.79, sparkling water 0.89, iced tea 1.79, kombucha 2.99, cola 1.29, grape juice 2.79, ginger shot 2.29, alcohol-free beer 1.29',
  }),
  category('TW', 'Tableware', {
    sells: { margin: 0.54, mostUnits: 6, season: 'christmas', elasticity: 1.5, packSize: 4 },
    goesWith: ['Glassware', 'Textiles'],
    items:
      'mug 9.99, espresso cup 6.99, dinner plate 11.99, side plate 7.99, pasta bowl 12.99, cereal bowl 8.99, salad bowl 24.99, serving dish 27.99, egg cup 4.49, butter dish 17.99, cake stand 34.99, napkin ring 3.99, milk jug 14.99',
  }),
  category('GW', 'Glassware', {
    sells: { margin: 0.55, mostUnits: 6, season: 'christmas', elasticity: 1.5, packSize: 6 },
    goesWith: ['Tableware', 'Cold drinks'],
    items:
      'water glass 3.99, wine glass 7.99, champagne glass 8.49, carafe 19.99, tumbler 4.99, beer glass 4.99, latte glass 5.49, shot glass 2.49, storage jar 6.99, decanter 34.99, tealight holder 3.99, vase 19.99, glass straw 2.49',
  }),
  category('KT', 'Kitchen tools', {
    sells: { margin: 0.5, mostUnits: 2, season: 'christmas', elasticity: 1.4, packSize: 3 },
    goesWith: ['Baking', 'Cookware'],
    items:
      'chef knife 49.99, paring knife 12.99, bread knife 27.99, cutting board 24.99, peeler 7.99, whisk 8.99, spatula 6.99, ladle 9.99, tongs 9.99, grater 14.99, colander 17.99, rolling pin 13.99, can opener 11.99',
  }),
  category('CW', 'Cookware', {
    sells: { margin: 0.45, mostUnits: 1, season: 'christmas', elasticity: 1.9, packSize: 1 },
    goesWith: ['Kitchen tools', 'Sauces and oils'],
    items:
      'frying pan 39.99, saucepan 34.99, casserole 79.99, wok 44.99, grill pan 49.99, stock pot 59.99, roasting tin 29.99, lid 14.99, steamer basket 19.99, milk pan 24.99, pizza stone 29.99, kettle 44.99, trivet 9.99',
  }),
  category('CL', 'Cleaning', {
    sells: { margin: 0.38, mostUnits: 4, season: 'spring', elasticity: 1.1, packSize: 12 },
    goesWith: ['Textiles', 'Garden'],
    items:
      'washing-up liquid 2.49, dish brush 3.49, sponge 1.99, laundry powder 8.99, stain soap 2.99, glass cleaner 2.99, bin bags 2.29, floor cloth 2.99, rubber gloves 2.29, scouring paste 2.79, descaler 3.99, hand soap 2.49, broom 12.99',
  }),
  category('TX', 'Textiles', {
    sells: { margin: 0.55, mostUnits: 4, season: 'cool', elasticity: 1.6, packSize: 4 },
    goesWith: ['Tableware', 'Cleaning'],
    items:
      'tea towel 6.99, apron 24.99, oven glove 12.99, table runner 19.99, tablecloth 39.99, napkin 4.99, hand towel 9.99, bath towel 19.99, flannel 3.49, cushion cover 16.99, throw 49.99, tote bag 9.99, bath mat 24.99',
  }),
  category('PA', 'Paper and gifts', {
    sells: {
      margin: 0.58,
      decimals: 3,
      mostUnits: 10,
      season: 'christmas',
      elasticity: 1.3,
      packSize: 24,
    },
    goesWith: ['Chocolate', 'Glassware'],
    items:
      'greeting card 2.950, envelope 0.350, wrapping paper 3.490, ribbon by the decimetre 0.125, sticker sheet 2.490, gift bag 2.990, tissue paper 1.990, gift tag 0.790, string by the metre 0.275, notebook 6.990, pencil 1.290, marker 2.490, desk calendar 11.990',
  }),
  category('GA', 'Garden', {
    sells: { margin: 0.48, mostUnits: 4, season: 'warm', elasticity: 1.5, packSize: 6 },
    goesWith: ['Cold drinks', 'Cleaning'],
    items:
      'potting compost 8.99, flower pot 6.99, herb seeds 2.49, tomato seeds 2.99, watering can 19.99, secateurs 24.99, garden gloves 7.99, plant food 6.99, bird feed 4.99, trowel 9.99, lantern 17.99, picnic blanket 34.99, citronella candle 7.99',
  }),
]

type Terms = Omit<Category, 'code' | 'name' | 'goesWith' | 'items' | 'decimals'> &
  Partial<Pick<Category, 'decimals'>>

function category(
  code: string,
  name: string,
  { sells, goesWith, items }: Pick<Category, 'goesWith'> & { sells: Terms; items: string },
): Category {
  return { code, name, decimals: 2, ...sells, goesWith, items: items.split(', ').map(readItem) }
}

/** 'moka pot 29.99' */
function readItem(text: string): { name: string; price: number } {
  const space = text.lastIndexOf(' ')
  return { name: text.slice(0, space), price: Number(text.slice(space + 1)) }
}
