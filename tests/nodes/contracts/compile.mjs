// Compiles Money.sol into Money.json: npm install solc, then node compile.mjs.
import { readFileSync, writeFileSync } from "node:fs";
import solc from "solc";

const here = (name) => new URL(name, import.meta.url);
const input = {
  language: "Solidity",
  sources: { "Money.sol": { content: readFileSync(here("Money.sol"), "utf8") } },
  settings: {
    evmVersion: "cancun",
    optimizer: { enabled: true, runs: 1 },
    metadata: { bytecodeHash: "none", appendCBOR: false },
    outputSelection: {
      "*": { "*": ["evm.bytecode.object", "evm.deployedBytecode.object", "evm.methodIdentifiers"] },
    },
  },
};
const output = JSON.parse(solc.compile(JSON.stringify(input)));
const errors = (output.errors ?? []).filter((error) => error.severity === "error");
if (errors.length) throw new Error(errors.map((error) => error.formattedMessage).join("\n"));
const contracts = Object.fromEntries(
  Object.entries(output.contracts["Money.sol"]).map(([name, { evm }]) => [
    name,
    {
      bytecode: evm.bytecode.object,
      runtime: evm.deployedBytecode.object,
      methods: evm.methodIdentifiers,
    },
  ]),
);
writeFileSync(here("Money.json"), `${JSON.stringify({ solc: solc.version(), contracts }, null, 1)}\n`);
