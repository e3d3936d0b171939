/** When in the year something sells. */
export type Season = 'even' | 'warm' | 'cool' | 'spring' | 'christmas'
