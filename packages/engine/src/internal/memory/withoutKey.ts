/**
 * The map without the key. A Map that is emptied again and again leaves a chain of tables, each of which holds the next,
 * so that they survive the cheap garbage collections. A new Map does not.
 */
export const withoutKey = <K, V>(map: Map<K, V>, key: K): Map<K, V> => {
  if (map.size === 1 && map.has(key)) return new Map()
  map.delete(key)
  return map
}
