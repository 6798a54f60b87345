// A wallet's story against a rollup node, with an unmodified viem:
//
//	node wallet.mjs HTTP_URL WS_URL PRIVATE_KEY
//
// Prints a line "ok ..." for each step; the exit code is not 0 when one fails. The key needs a little ether.
import { readFileSync } from 'node:fs'
import {
  createPublicClient, createWalletClient, defineChain, encodeFunctionData, getContractAddress, http, parseEther, parseGwei, webSocket,
} from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'

const [httpURL, wsURL, key] = process.argv.slice(2)
if (!httpURL || !wsURL || !key) {
  console.error('usage: node wallet.mjs HTTP_URL WS_URL PRIVATE_KEY')
  process.exit(2)
}

const stepTime = 30_000 // milliseconds that a step may take
const supply = 1_000_000n
const token = JSON.parse(readFileSync(new URL('token.json', import.meta.url)))

function check(condition, what) {
  if (!condition) throw new Error(what)
}

async function step(name, run) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done in ${stepTime / 1000} s`)), stepTime)
  })
  try {
    const said = await Promise.race([run(), late])
    console.log(`ok ${name}${said === undefined ? '' : `: ${said}`}`)
  } catch (err) {
    throw new Error(`${name}: ${err.shortMessage ?? err.message}`, { cause: err })
  } finally {
    clearTimeout(timer)
  }
}

async function story() {
  const account = privateKeyToAccount(key)
  const other = privateKeyToAccount(generatePrivateKey()).address
  const id = await createPublicClient({ transport: http(httpURL) }).getChainId()
  const chain = defineChain({
    id, name: 'rollup', nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 }, rpcUrls: { default: { http: [httpURL], webSocket: [wsURL] } },
  })
  const pollingInterval = 100
  const node = createPublicClient({ chain, transport: http(), pollingInterval })
  const live = createPublicClient({ chain, transport: webSocket(wsURL, { reconnect: false }) })
  const wallet = createWalletClient({ account, chain, transport: http() })
  const receiptOf = async (hash) => {
    const receipt = await node.waitForTransactionReceipt({ hash })
    check(receipt.status === 'success', `${hash} failed`)
    const block = await node.getBlock({ blockNumber: receipt.blockNumber })
    check(block.hash === receipt.blockHash && block.transactions.includes(hash), `${hash} is not in its block`)
    return receipt
  }

  const heads = []
  let seen = () => {}
  const unwatch = live.watchBlocks({
    onBlock: (block) => { heads.push(block); seen() },
    onError: (err) => { console.error(err); process.exit(1) },
  })
  const blockSeen = (number) => new Promise((resolve) => {
    seen = () => { if (heads.some((b) => b.number >= number)) resolve() }
    seen()
  })

  await step('chain', async () => {
    check(await live.getChainId() === id, 'HTTP and WebSocket disagree')
    return `id ${id}, block ${await node.getBlockNumber()}`
  })
  await step('fees', async () => {
    const history = await node.getFeeHistory({ blockCount: 4, rewardPercentiles: [25, 75] })
    check(history.baseFeePerGas.length === history.gasUsedRatio.length + 1, 'feeHistory has no base fee for the next block')
    const fees = await node.estimateFeesPerGas()
    check(fees.maxFeePerGas >= history.baseFeePerGas.at(-1) + fees.maxPriorityFeePerGas, 'suggested fees do not cover the base fee')
    check(await node.getGasPrice() > 0n, 'no gas price')
    return `${fees.maxFeePerGas} wei per gas`
  })
  await step('transfer', async () => {
    const value = parseEther('0.001')
    check(await node.estimateGas({ account, to: other, value }) === 21_000n, 'a transfer is not estimated at 21,000 gas')
    const hash = await wallet.sendTransaction({ to: other, value })
    const { blockNumber, gasUsed } = await receiptOf(hash)
    check(gasUsed === 21_000n, `it used ${gasUsed} gas`)
    check(await node.getBalance({ address: other }) === value, 'the value has not arrived')
    const tx = await node.getTransaction({ hash })
    check(tx.from.toLowerCase() === account.address.toLowerCase() && tx.blockNumber === blockNumber, 'it reads back otherwise')
    await blockSeen(blockNumber)
    return `in block ${blockNumber}`
  })

  let address
  await step('deploy', async () => {
    const nonce = await node.getTransactionCount({ address: account.address, blockTag: 'pending' })
    const hash = await wallet.deployContract({ abi: token.abi, bytecode: token.bytecode, args: [supply] })
    const receipt = await receiptOf(hash)
    address = receipt.contractAddress
    check(address.toLowerCase() === getContractAddress({ from: account.address, nonce: BigInt(nonce) }).toLowerCase(), 'wrong address')
    check((await node.getCode({ address })).length > 2, 'no code')
    return address
  })
  const read = (functionName, args, blockTag = 'latest') => node.readContract({ address, abi: token.abi, functionName, args, blockTag })
  await step('read', async () => {
    check(await read('balanceOf', [account.address]) === supply, 'the supply is not the deployer\'s')
    check(await read('balanceOf', [account.address], 'pending') === supply, 'pending state is another')
  })
  await step('revert', async () => {
    try {
      await node.simulateContract({ account: other, address, abi: token.abi, functionName: 'transfer', args: [account.address, 1n] })
    } catch (err) {
      check(/revert|panic|arithmetic/i.test(err.message), err.message)
      return
    }
    throw new Error('spending more than the balance succeeded')
  })
  await step('write', async () => {
    const data = encodeFunctionData({ abi: token.abi, functionName: 'transfer', args: [other, 42n] })
    const gas = await node.estimateGas({ account, to: address, data })
    const hash = await wallet.writeContract({ address, abi: token.abi, functionName: 'transfer', args: [other, 42n], gas })
    const receipt = await receiptOf(hash)
    check(receipt.logs.length === 1, `${receipt.logs.length} logs`)
    check(await read('balanceOf', [other]) === 42n, 'the tokens have not arrived')
    await blockSeen(receipt.blockNumber)
    const event = token.abi.find((x) => x.type === 'event' && x.name === 'Transfer')
    const logs = await node.getLogs({ address, event, args: { to: other }, fromBlock: 0n, toBlock: 'latest' })
    check(logs.length === 1 && logs[0].args.value === 42n && logs[0].transactionHash === hash, 'getLogs does not find the event')
    return `gas limit ${gas}, used ${receipt.gasUsed}`
  })
  await step('errors', async () => {
    const request = { account, chain, to: other, value: 1n, gas: 21_000n, maxFeePerGas: parseGwei('100'), maxPriorityFeePerGas: 1n }
    const signed = await wallet.signTransaction({ ...request, nonce: 0 })
    try {
      await wallet.sendRawTransaction({ serializedTransaction: signed })
    } catch (err) {
      check(/nonce too low|lower than the current nonce/i.test(err.message), err.message)
      return
    }
    throw new Error('a used nonce was taken')
  })
  await step('watch', async () => {
    const numbers = heads.map((b) => b.number)
    check(numbers.every((n, i) => i === 0 || n > numbers[i - 1]), `blocks out of order: ${numbers}`)
    for (const block of heads) {
      check((await node.getBlock({ blockNumber: block.number })).hash === block.hash, `block ${block.number} has another hash`)
    }
    return `${heads.length} blocks over WebSocket`
  })
  await step('tags', async () => {
    const [latest, safe, final] = await Promise.all(['latest', 'safe', 'finalized'].map((blockTag) => node.getBlock({ blockTag })))
    check(final.number <= safe.number && safe.number <= latest.number, 'finalized, safe and latest are out of order')
    return `latest ${latest.number}, safe ${safe.number}, finalized ${final.number}`
  })
  unwatch()
  const socket = await live.transport.getRpcClient()
  socket.close()
}

story().then(() => process.exit(0), (err) => {
  console.error(`failed ${err.message}`)
  if (err.cause) console.error(err.cause)
  process.exit(1)
})
