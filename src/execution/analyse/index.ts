/** `analyse`: experiments side by side, run or taken from the store, and what they say about one question. */

import { stat } from 'node:fs/promises';
import type { AnalyseConfig } from '../../config/analyse.js';
import type { TrainConfig } from '../../config/train.js';
import { W2sError } from '../../errors.js';
import {
  type ArmsPlan,
  type NamedInputs,
  planTrainArms,
  stepsOfArms,
} from '../../experiments/analyses/arms.js';
import { planErrors } from '../../experiments/analyses/errors.js';
import { planOverfitting } from '../../experiments/analyses/overfitting.js';
import { planSaliency } from '../../experiments/analyses/saliency.js';
import type { TrainRoles } from '../../experiments/train.js';
import { ANALYSIS_SCHEMA, type AnalysisDocument } from '../../metrics/index.js';
import type { Store } from '../../store/index.js';
import type { EngineOptions, Found } from '../context.js';
import type { RunOptions } from '../events.js';
import { runRecorded } from '../recordedRun.js';
import { findInputs } from '../train.js';
import type { Findings } from './findings.js';

export interface AnalyseOptions extends RunOptions, EngineOptions {}

/** A plan, and what is read off its steps once they are done. */
interface Prepared {
  plan: ArmsPlan<TrainRoles>;
  found: Found;
  findings(store: Store): Promise<Findings>;
}

/**
 * Runs an analysis. Steps that the store holds are not run again.
 * Rejects with a W2sError, and with ERR_ABORTED after a checkpoint when the signal fires.
 */
export async function runAnalysis(
  config: AnalyseConfig,
  options: AnalyseOptions = {},
): Promise<AnalysisDocument> {
  const { analysis, train } = config;
  requireSupervisor(train, analysis);
  const { plan, found, findings } = await PREPARE[analysis](config);
  const documentOf = async ({ store }: { store: Store }): Promise<AnalysisDocument> => ({
    schema: ANALYSIS_SCHEMA,
    analysis,
    config: { ...train, ...ownSettings(config) },
    seeds: train.seeds,
    ...(await findings(store)),
    store: store.shownPath,
    steps: stepsOfArms(plan),
  });
  const name = `analyse-${analysis}`;
  return runRecorded({ command: 'analyse', name, config: train, plan, found, documentOf }, options);
}

function ownSettings({ train: _, analysis: __, ...own }: AnalyseConfig): Record<string, unknown> {
  return own;
}

const PREPARE: Readonly<Record<AnalyseConfig['analysis'], (config: AnalyseConfig) => Promise<Prepared>>> = {
  agreement: async (config) => {
    const { plan, found, parameters } = await students(config);
    const { agreementFindings } = await import('./agreement.js');
    return { plan, found, findings: (store) => agreementFindings(store, plan, parameters) };
  },
  misfit: async (config) => {
    const { plan, found } = await students(config);
    const { misfitFindings } = await import('./misfit.js');
    return { plan, found, findings: (store) => misfitFindings(store, plan) };
  },
  calibration: async ({ train }) => {
    const { plan, found } = await single(train);
    const { calibrationFindings } = await import('./calibration.js');
    return { plan, found, findings: (store) => calibrationFindings(store, plan) };
  },
  leakage: async ({ train, corpus = '', ngram = 8 }) => {
    await requireFile(corpus);
    const { plan, found } = await single(train);
    const { leakageFindings } = await import('./leakage.js');
    const { locations } = found;
    return { plan, found, findings: (store) => leakageFindings(store, plan, { corpus, ngram, locations }) };
  },
  errors: async ({ train }) => {
    requireClasses(train, 'errors');
    const { inputs, found } = await findInputs(train);
    const plan = planErrors(inputs);
    const { errorsFindings } = await import('./errors.js');
    return { plan, found, findings: (store) => errorsFindings(store, plan) };
  },
  saliency: async ({ train, fewShot }) => {
    requireClasses(train, 'saliency');
    const { inputs, found } = await findInputs(train);
    const plan = planSaliency(inputs, fewShot ?? null);
    const { saliencyFindings } = await import('./saliency.js');
    return { plan, found, findings: (store) => saliencyFindings(store, plan) };
  },
  overfitting: async ({ train, checks = 20 }) => {
    const { inputs, found } = await findInputs(train);
    const plan = planOverfitting(inputs, checks);
    const { overfittingFindings } = await import('./overfitting.js');
    return { plan, found, findings: (store) => overfittingFindings(store, plan) };
  },
};

/** One experiment of `train`. */
async function single(train: TrainConfig): Promise<{ plan: ArmsPlan<TrainRoles>; found: Found }> {
  const { inputs, found } = await findInputs(train);
  return { plan: planTrainArms([{ name: train.strong, inputs }]), found };
}

/** The same supervisor and several students, one experiment of `train` each. */
async function students({ train, students: names = [train.strong] }: AnalyseConfig) {
  const arms: (NamedInputs & { found: Found; parameters: number | undefined })[] = [];
  const { resolveModel } = await import('../../models/index.js');
  for (const name of new Set(names)) {
    const { inputs, found } = await findInputs({ ...train, strong: name });
    arms.push({ name, inputs, found, parameters: (await resolveModel(name)).parameters });
  }
  const found: Found = {
    locations: Object.assign({}, ...arms.map((arm) => arm.found.locations)),
    modelFolders: Object.assign({}, ...arms.map((arm) => arm.found.modelFolders)),
  };
  return { plan: planTrainArms(arms), found, parameters: arms.map((arm) => arm.parameters) };
}

/** Labels from a file may say nothing of the test set, which would be known after the last training only. */
function requireSupervisor({ weakLabels }: TrainConfig, analysis: string): void {
  if (weakLabels === undefined) return;
  throw new W2sError(
    'ERR_USAGE',
    `Expected a supervisor that answers the test set (--weak) for the analysis ${analysis} but received its labels alone (--weak-labels).`,
    { hint: 'Name the model instead: --weak MODEL' },
  );
}

function requireClasses({ forStrong, dataset }: TrainConfig, analysis: string): void {
  if (forStrong.loss !== 'completion' && forStrong.loss !== 'lm') return;
  throw new W2sError(
    'ERR_USAGE',
    `Expected a data set with classes for the analysis ${analysis} but received ${dataset}, whose answers are completions.`,
    { hint: `Try: npx w2s-native analyse ${analysis} --dataset chess-legal` },
  );
}

async function requireFile(corpus: string): Promise<void> {
  const found = await stat(corpus).catch(() => null);
  if (found?.isFile()) return;
  throw new W2sError(
    'ERR_NOT_FOUND',
    `Expected a text file for --corpus but received ${corpus}, which is ${found === null ? 'not there' : 'none'}.`,
    { hint: 'Name a file with one document a line: --corpus corpus.txt' },
  );
}
