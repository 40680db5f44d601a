#!/usr/bin/env node
import { runGeneral } from './program.js'

process.exitCode = await runGeneral(process.argv.slice(2))
