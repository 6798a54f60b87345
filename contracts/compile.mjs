// compile.mjs DIR: compiles SequencerInbox.sol, writes its ABI and bytecode to DIR and ends with 1 on any error or warning. `make contracts`
// runs it, and the Go tests, which compare. Everything that changes bytecode is pinned here and in package-lock.json.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import solc from 'solc'

const name = 'SequencerInbox'
const here = dirname(fileURLToPath(import.meta.url))
const sources = {}
for (const file of readdirSync(here).filter((f) => f.endsWith('.sol')).sort()) {
  sources[file] = { content: readFileSync(join(here, file), 'utf8') }
}
const output = JSON.parse(solc.compile(JSON.stringify({
  language: 'Solidity',
  sources,
  settings: {
    evmVersion: 'cancun', // blobhash and transient storage
    viaIR: true,
    optimizer: { enabled: true, runs: 100000 },
    metadata: { bytecodeHash: 'none', appendCBOR: false },
    outputSelection: { '*': { [name]: ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } },
  },
})))
// 2394 says that transient storage outlives a call: what Certificates.open marks there differs in each call of a transaction.
const errors = (output.errors ?? []).filter((e) => e.errorCode !== '2394')
for (const e of errors) console.error(e.formattedMessage)
if (errors.length > 0) process.exit(1)
const contract = output.contracts[`${name}.sol`][name]
const size = contract.evm.deployedBytecode.object.length / 2
if (size > 24576) {
  console.error(`${name}: ${size} bytes of code, at most 24576`)
  process.exit(1)
}
writeFileSync(join(process.argv[2], `${name}.abi`), JSON.stringify(contract.abi) + '\n')
writeFileSync(join(process.argv[2], `${name}.bin`), contract.evm.bytecode.object)
console.log(`${name}: ${size} bytes of code`)
