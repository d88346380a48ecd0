/** The document of `bootstrap`, from the store alone: neither tokenizer nor addon nor data is opened. */

import type { BootstrapConfig } from '../config/bootstrap.js';
import { W2sError } from '../errors.js';
import {
  BOOTSTRAP_ARMS,
  type BootstrapArmName,
  type BootstrapPlan,
  type BootstrapRoles,
  namedSteps,
} from '../experiments/bootstrap.js';
import type { StepHash } from '../experiments/plan.js';
import { shareRight } from '../metrics/accuracy.js';
import {
  agreement,
  BOOTSTRAP_SCHEMA,
  type BootstrapArm,
  type BootstrapDocument,
  type BootstrapSeed,
  type ChainModel,
  type Comparison,
  compareModels,
  type ModelScore,
  type ScoreSummary,
} from '../metrics/index.js';
import type { Store } from '../store/index.js';
import {
  answerPair,
  binaryLabels,
  groupOf,
  type Lines,
  labelScore,
  measuresOf,
  outcome,
  readLines,
  sumTimings,
  throughputOf,
  withFoundations,
  zeroShotScore,
} from './outcomes.js';
import { skippedIn } from './skipped.js';

type Arms<T> = Record<BootstrapArmName, T>;

/** What one seed's steps left in the store. */
interface SeedRecord {
  seed: number;
  roles: BootstrapRoles;
  /** M1 … Mn on the test set. */
  models: readonly Lines[];
  /** Labels of the chain, held against the truth. */
  labels: readonly Lines[];
  arms: Arms<{ test: Lines; labels: Lines }>;
  ceiling: Lines;
  zeroShot: Lines | null;
}

export async function bootstrapDocument(
  store: Store,
  plan: BootstrapPlan,
  config: BootstrapConfig,
): Promise<BootstrapDocument> {
  const seeds: SeedRecord[] = [];
  for (const { seed, roles } of plan.seeds) seeds.push(await readSeed(store, seed, roles));
  const [first] = seeds;
  if (!first) throw new W2sError('ERR_ARGUMENT', 'Expected at least one seed but received none');
  const reader = new Reader(store, seeds, config, plan);
  const compared = mapArms((arm) => reader.compare((seed) => seed.arms[arm].test));
  return {
    schema: BOOTSTRAP_SCHEMA,
    config: { ...config },
    seeds: seeds.map(({ seed }) => seed),
    models: await reader.models(compared.chain),
    arms: {
      chain: await reader.arm('chain', compared.chain),
      direct: await reader.arm('direct', compared.direct),
      union: await reader.arm('union', compared.union),
    },
    ceiling: await reader.ceiling(compared.chain),
    gap: compared.chain.gap,
    perSeed: seeds.map((seed, i) => seedScore(seed, i, compared)),
    zeroShot: zeroShotScore(
      seeds.map(({ roles, zeroShot }) => [roles.zeroShot, zeroShot]),
      reader.groups,
    ),
    ...(await skippedIn(
      store,
      plan.steps.map(({ hash }) => hash),
    )),
    throughput: await throughputOf(
      store,
      withFoundations(
        plan,
        seeds.flatMap(({ roles }) => trainedSteps(roles)),
      ),
    ),
    store: store.shownPath,
    steps: namedSteps(first.roles),
  };
}

/** All seeds' predictions side by side. */
class Reader {
  readonly groups: readonly string[];
  private readonly labels: Uint8Array | null;

  constructor(
    private readonly store: Store,
    private readonly seeds: readonly SeedRecord[],
    private readonly config: BootstrapConfig,
    private readonly plan: BootstrapPlan,
  ) {
    const ceiling = seeds[0]?.ceiling ?? [];
    this.groups = ceiling.map(groupOf);
    this.labels = binaryLabels(ceiling);
  }

  /** A model between M1 and the ceiling; every comparison draws the same groups and seeds. */
  compare(student: (seed: SeedRecord) => Lines | undefined): Comparison {
    const { groups, labels } = this;
    const seeds = this.seeds.map((seed) => ({
      weak: outcome(seed.models[0] ?? []),
      student: outcome(student(seed) ?? []),
      ceiling: outcome(seed.ceiling),
    }));
    return compareModels({ seeds, groups, labels });
  }

  async models(chain: Comparison): Promise<ChainModel[]> {
    const names = this.config.chain;
    const found: ChainModel[] = [];
    for (const [i, name] of names.entries()) {
      const summary =
        i === 0
          ? chain.weak
          : i === names.length - 1
            ? chain.student
            : this.compare(({ models }) => models[i]).student;
      const labels =
        i === names.length - 1 ? null : labelScore(this.seeds.map((seed) => seed.labels[i] ?? []));
      const score = await this.score(name, summary, ({ models }) => [models[i]?.step, models[i]?.test]);
      found.push({ ...score, labels });
    }
    return found;
  }

  async arm(name: BootstrapArmName, { student, pgr, pgrAuroc }: Comparison): Promise<BootstrapArm> {
    const last = this.config.chain.at(-1) ?? '';
    return {
      student: await this.score(last, student, ({ arms }) => [arms[name].step, arms[name].test]),
      labels: labelScore(this.seeds.map((seed) => seed.arms[name].labels)),
      agreement: agreement(
        this.seeds.map(({ models, arms }) => {
          const teacher = (name === 'chain' ? models.at(-2) : models[0]) ?? [];
          return answerPair(arms[name].test, teacher);
        }),
      ),
      pgr,
      pgrAuroc,
    };
  }

  async ceiling({ ceiling }: Comparison): Promise<ModelScore> {
    const last = this.config.chain.at(-1) ?? '';
    return this.score(last, ceiling, (roles) => [roles.ceiling.step, roles.ceiling.test]);
  }

  private async score(
    model: string,
    { accuracy, ci95, auroc, aurocCi95, n }: ScoreSummary,
    stepsOf: (roles: BootstrapRoles) => readonly (StepHash | undefined)[],
  ): Promise<ModelScore> {
    const hashes = this.seeds.flatMap(({ roles }) => stepsOf(roles)).filter((hash) => hash !== undefined);
    const { seconds } = await sumTimings(this.store, withFoundations(this.plan, hashes));
    const measured = await measuresOf(this.store, hashes);
    return { model, accuracy, ci95, auroc, aurocCi95, n, seconds, ...measured };
  }
}

function mapArms<T>(of: (arm: BootstrapArmName) => T): Arms<T> {
  return Object.fromEntries(BOOTSTRAP_ARMS.map((arm) => [arm, of(arm)])) as Arms<T>;
}

async function readSeed(store: Store, seed: number, roles: BootstrapRoles): Promise<SeedRecord> {
  const arm = async (name: BootstrapArmName) => ({
    test: await readLines(store, roles.arms[name].test),
    labels: await readLines(store, roles.arms[name].grade),
  });
  return {
    seed,
    roles,
    models: await Promise.all(roles.models.map(({ test }) => readLines(store, test))),
    labels: await Promise.all(roles.labels.map(({ grade }) => readLines(store, grade))),
    arms: { chain: await arm('chain'), direct: await arm('direct'), union: await arm('union') },
    ceiling: await readLines(store, roles.ceiling.test),
    zeroShot: roles.zeroShot === undefined ? null : await readLines(store, roles.zeroShot),
  };
}

function seedScore(
  { seed, roles, models }: SeedRecord,
  i: number,
  compared: Arms<Comparison>,
): BootstrapSeed {
  const of = ({ perSeed }: Comparison) => {
    const summary = perSeed[i];
    if (!summary) throw new TypeError('a seed without a summary');
    return summary;
  };
  return {
    seed,
    models: models.map((lines) => shareRight(outcome(lines).correct)),
    ceiling: of(compared.chain).ceiling,
    arms: mapArms((arm) => ({ accuracy: of(compared[arm]).student, pgr: of(compared[arm]).pgr })),
    steps: namedSteps(roles),
  };
}

function trainedSteps({ models, arms, ceiling }: BootstrapRoles): StepHash[] {
  return [...models, arms.direct, arms.union, ceiling].map(({ step }) => step);
}
