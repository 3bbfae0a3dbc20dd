// Renders templates: reads a JSON list of {"template": "…", "values": {…}} and writes a JSON list of {"text": "…"} or {"error": "…"}.
// Usage: node render.mjs FOLDER-WITH-NODE_MODULES < requests.json
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(process.argv[2] + "/"));
const { Template } = require("@huggingface/jinja");
const answers = JSON.parse(readFileSync(0, "utf8")).map(({ template, values }) => {
  try {
    return { text: new Template(template).render(values) };
  } catch (error) {
    return { error: String(error) };
  }
});
process.stdout.write(JSON.stringify(answers));
