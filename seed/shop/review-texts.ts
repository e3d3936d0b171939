/** What people write, by stars. `{}` is the product as they would call it. */
export const REVIEW_TEXTS: Readonly<Record<number, readonly string[]>> = {
  1: [
    'Not what the picture promised. Sent back.',
    'Arrived broken, and the second one too.',
    'The {} is the worst I have bought in years.',
    'Tastes or smells of nothing I would want at home.',
    'Fell apart in a week.',
    'Never again.',
  ],
  2: [
    'I expected more at this price.',
    'The {} is fine to look at, but does not last.',
    'Too small for what it costs.',
    'Half of it was past its best.',
    'Would choose another brand next time.',
  ],
  3: [
    'Does what it should, no more.',
    'Decent {}, though the packaging is a nuisance.',
    'All right for every day.',
    'Good on some days, less so on others.',
    'Average, but it was on offer.',
  ],
  4: [
    'Good {}, would buy again.',
    'Very nice, only the delivery could be quicker.',
    'Solid quality for the price.',
    'My family likes it.',
    'Better than the one I had before.',
    'Nearly perfect. One star off for the lid.',
  ],
  5: [
    'The best {} I know.',
    'Third time I buy this, and still happy.',
    'A gift that was used the same evening.',
    'Exactly what I was looking for.',
    'Everyone asks where I got it.',
    'Worth every cent.',
    'I would not be without it any more.',
  ],
}
