// Writes a table with hyparquet-writer and prints what hyparquet reads from it: node peer.mjs FILE CODEC ROWS ROWS-OF-A-GROUP BYTES-OF-A-PAGE
// The libraries are installed beside a copy of this file, see scripts/fetch-hyparquet.sh.
import { readFileSync, writeFileSync } from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'
import { parquetReadObjects } from 'hyparquet'
import { parquetWriteBuffer } from 'hyparquet-writer'

const [path, codec, rows, group, page] = process.argv.slice(2)
const words = ['Tom', 'went — home', '', 'été 😀', 'a "quoted" one', 'line\nbreak']
const numbers = [...Array(Number(rows)).keys()]
const pick = (i, k) => words[(i * 7 + k * 3) % words.length]
const list = i => i % 5 === 0 ? [] : numbers.slice(0, i % 4 + 1).map(k => pick(i, k))
const columns = {
  text: numbers.map(i => `${pick(i, 1)} ${i}`),
  repeated: numbers.map(i => pick(i, 0)),
  maybe: numbers.map(i => i % 3 === 0 ? null : pick(i, 2)),
  small: numbers.map(i => i * 37 - 100),
  large: numbers.map(i => BigInt(i) * 10000000000n - 5n),
  real: numbers.map(i => i / 7),
  truth: numbers.map(i => i % 3 === 1),
  list: numbers.map(i => i % 11 === 3 ? null : list(i)),
  choices: numbers.map(i => ({ text: list(i), label: list(i).map((_, k) => k * i) })),
}
const listOf = (name, element) => [
  { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', repetition_type: 'OPTIONAL', ...element },
]
const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8' }
const schema = [
  { name: 'root', num_children: Object.keys(columns).length },
  { name: 'text', repetition_type: 'REQUIRED', ...text },
  { name: 'repeated', repetition_type: 'REQUIRED', ...text },
  { name: 'maybe', repetition_type: 'OPTIONAL', ...text },
  { name: 'small', repetition_type: 'REQUIRED', type: 'INT32' },
  { name: 'large', repetition_type: 'REQUIRED', type: 'INT64' },
  { name: 'real', repetition_type: 'REQUIRED', type: 'DOUBLE' },
  { name: 'truth', repetition_type: 'REQUIRED', type: 'BOOLEAN' },
  ...listOf('list', text),
  { name: 'choices', repetition_type: 'OPTIONAL', num_children: 2 },
  ...listOf('text', text),
  ...listOf('label', { type: 'INT32' }),
]
const buffer = parquetWriteBuffer({
  columnData: Object.entries(columns).map(([name, data]) => ({ name, data })),
  schema,
  codec,
  compressors: { GZIP: bytes => new Uint8Array(gzipSync(bytes)) },
  rowGroupSize: Number(group),
  pageSize: Number(page),
})
writeFileSync(path, new Uint8Array(buffer))

const bytes = readFileSync(path)
const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
const read = await parquetReadObjects({ file, compressors: { GZIP: packed => new Uint8Array(gunzipSync(packed)) } })
// A missing list is undefined there.
console.log(JSON.stringify(read, (_, value) => typeof value === 'bigint' ? Number(value) : value === undefined ? null : value))
