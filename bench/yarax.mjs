// Drives YARA-X (npm @litko/yara-x) for bench/peers.py and tests/differential/compare_yarax.py.
//
//   node yarax.mjs FOLDER_WITH_NODE_MODULES < job.json
//
// The job: {"check": [file...]}               which rule files compile: {"file", "error"} a line
//          {"groups": [[file...]...],          each group becomes one set of compiled rules
//           "files": [file...],                what to scan
//           "defines": {...}, "relaxed": bool, "matches": bool,
//           "repeat": N (1)}
// The answer, one JSON object a line: {"compile_ms"}, then for each of N scans of all files, with "matches",
// {"file", "group", "rules"}, and at its end {"scan_ms", "scan_cpu_ms", "detections", "rss_kb"}. CPU time is of all
// threads. Rules are [name, [[string, offset, length]...]].
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { performance } from "node:perf_hooks";

const require = createRequire(join(resolve(process.argv[2]), "package.json"));
const yarax = require("@litko/yara-x");
const job = JSON.parse(readFileSync(0, "utf8"));
const options = { defineVariables: job.defines ?? {}, relaxedReSyntax: Boolean(job.relaxed) };
// Rule files of old are sometimes Latin-1; YARA-X takes UTF-8 only.
const source = (file) => readFileSync(file, "utf8");
const say = (object) => process.stdout.write(JSON.stringify(object) + "\n");

if (job.check) {
  for (const file of job.check) {
    let error = null;
    try {
      yarax.compile(source(file), options);
    } catch (failure) {
      error = String(failure.message ?? failure).split("\n")[0];
    }
    say({ file, error });
  }
  process.exit(0);
}

let start = performance.now();
const scanners = job.groups.map((files) => yarax.compile(files.map(source).join("\n"), options));
say({ compile_ms: performance.now() - start });

for (let round = 0; round < (job.repeat ?? 1); ++round) {
  let detections = 0;
  const cpu = process.cpuUsage();
  start = performance.now();
  for (const file of job.files) {
    scanners.forEach((scanner, group) => {
      let matches;
      try {
        matches = scanner.scanFile(file);
      } catch (failure) {
        if (round === 0) say({ file, group, error: String(failure.message ?? failure).split("\n")[0] });
        return;
      }
      detections += matches.length;
      if (job.matches && matches.length) {
        say({ file, group, rules: matches.map((m) => [m.ruleIdentifier, m.matches.map((s) => [s.identifier, s.offset, s.length])]) });
      }
    });
  }
  const { user, system } = process.cpuUsage(cpu);
  say({ scan_ms: performance.now() - start, scan_cpu_ms: (user + system) / 1000, detections, rss_kb: process.resourceUsage().maxRSS });
}
