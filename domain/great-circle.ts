/** A place on earth, in degrees (WGS 84): north and east are positive. */
export interface Location {
  latitude: number
  longitude: number
}

/** Mean radius of the earth in km (IUGG: (2a + b) / 3). */
const EARTH_RADIUS_KM = 6_371.0088

/**
 * The shortest way over the earth between two places, in km, as on a sphere: right to half a percent. By haversines,
 * which are exact for places close to each other too (Sinnott, "Virtues of the Haversine", Sky & Telescope 68, 1984).
 */
export function greatCircleKm(one: Location, other: Location): number {
  const [latitude, otherLatitude] = [radians(one.latitude), radians(other.latitude)]
  const haversine =
    haversineOf(otherLatitude - latitude) +
    Math.cos(latitude) * Math.cos(otherLatitude) * haversineOf(radians(other.longitude - one.longitude))
  // Rounding may lift it above one where the places lie opposite each other.
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(Math.min(1, haversine)))
}

function haversineOf(angle: number): number {
  return Math.sin(angle / 2) ** 2
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180
}
