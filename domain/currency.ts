import { AMOUNT_SCALE, type Amount } from './money.ts'

/**
 * Currencies goods are or were priced in, by what a unit is worth: how many units a US dollar bought at the end of
 * 2025, as a power of ten (0: less than ten, 1: ten to a hundred …; of those that have ended, when they did).
 *
 * Codes: ISO 4217, list one (current) and, since histories are loaded too, those of list three (historic) that tills of
 * the last decades printed; without metals, bonds, test codes and XXX, in which nothing is sold.
 * https://www.six-group.com/en/products-services/financial-information/data-standards.html
 * Worth: United Nations operational rates of exchange, https://treasury.un.org/operationalrates/OperationalRates.php
 */
const BY_MAGNITUDE: readonly string[] = [
  `AED ANG AUD AWG AZN BAM BBD BGN BHD BMD BND BOB BOV BRL BSD BYN BZD CAD CHE CHF CHW CLF CNY CUC DKK EUR FJD FKP GBP
   GEL GIP GTQ HKD ILS JOD KWD KYD LYD MAD MOP MYR NZD OMR PAB PEN PGK PLN QAR RON SAR SBD SEK SGD SHP SVC TJS TMT TND
   TOP TTD USD USN UYW WST XCD XCG XDR XSU XUA
   BGL CYP DEM FIM FRF GHS HRK IEP LTL LVL MTL NLG`,
  `AFN ALL BTN BWP CUP CVE CZK DOP EGP ERN GMD HNL INR KGS LSL MDL MKD MRU MUR MVR MXN MXV MZN NAD NIO NOK PHP RUB SCR
   SLE SRD STN SZL THB TRY TWD UAH UYI UYU ZAR ZMW ZWG
   ATS BEF CSD EEK LUF SKK`,
  `AMD AOA BDT CLP CRC DJF DZD ETB GYD HTG HUF ISK JMD JPY KES KMF KPW KZT LKR LRD NPR PKR RSD SDG SOS VED VES VUV XAF
   XOF XPF YER
   ESP GRD MRO PTE SDD SIT ZWL`,
  `ARS BIF CDF COP COU GNF IQD KHR KRW MGA MMK MNT MWK NGN PYG RWF SSP TZS UGX
   AFA AZM BYR GHC ITL SRG TMM VEB ZMK`,
  `IDR IRR LAK LBP SYP UZS VND
   MZM ROL SLL STD`,
  `TPE VEF`,
  `TRL`,
]

const MAGNITUDES: ReadonlyMap<string, number> = new Map(
  BY_MAGNITUDE.flatMap((codes, magnitude) => codes.split(/\s+/).map(code => [code, magnitude] as const)),
)

/** Every code of `isCurrency`. */
export const CURRENCIES: readonly string[] = [...MAGNITUDES.keys()]

/** Whether a code is one of a currency of ISO 4217 in which goods are sold. */
export function isCurrency(code: string): boolean {
  return MAGNITUDES.has(code)
}

/** The largest order (or return) in a currency of which a unit is worth about a dollar. */
const MAX_DOCUMENT_UNITS = 100_000_000
// 10^10 units: of the weakest currencies still about the worth of a house, and no more. Ninety thousand documents of
// that size fit into one bigint of 1/10,000, millions of the largest in euros: no sum of a day, a month or a store
// overflows for what anybody sells.
const LARGEST_SCALE = 100

/**
 * The largest order (or return) the system takes in a currency: 100,000,000 units where a unit is worth about a dollar,
 * more where it is worth less. Ten laptops for IDR 150,000,000 are a sale, EUR 150,000,000 are a slip of the hand.
 * @param currency a code of `isCurrency`
 */
export function maxDocumentAmount(currency: string): Amount {
  const scale = Math.min(10 ** (MAGNITUDES.get(currency) ?? 0), LARGEST_SCALE)
  return MAX_DOCUMENT_UNITS * scale * AMOUNT_SCALE
}
