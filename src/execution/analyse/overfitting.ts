/** Whether a student overfits its supervisor's errors within training (Burns et al. 2023, section 5.1.1). */

import type { ArmsPlan } from '../../experiments/analyses/arms.js';
import type { OverfittingRoles } from '../../experiments/analyses/overfitting.js';
import type { AnalysisCurve, Measure } from '../../metrics/index.js';
import type { FinetuneResult } from '../../steps/results.js';
import type { Store } from '../../store/index.js';
import { compareArms, differenceColumn, differencesText } from './comparison.js';
import type { Findings } from './findings.js';

export async function overfittingFindings(store: Store, plan: ArmsPlan<OverfittingRoles>): Promise<Findings> {
  const compared = await compareArms(store, plan, async (seeds) => ({
    kept: await keptShare(
      store,
      seeds.map(({ roles }) => roles),
    ),
  }));
  const oracle = plan.arms.find(({ name }) => name === 'oracle');
  const lines = await Promise.all((oracle?.seeds ?? []).map((one) => curvesOf(store, one)));
  return {
    rowTitle: 'student kept at',
    columns: [
      { key: 'kept', title: 'share of training', unit: 'share' },
      { key: 'accuracy', title: 'accuracy', unit: 'share' },
      differenceColumn('final'),
      { key: 'pgr', title: 'PGR', unit: 'number' },
    ],
    rows: compared.map(({ row }) => row),
    charted: ['accuracy'],
    facts: [],
    curves: { xTitle: 'optimizer step', lines: lines.flat() },
    reading:
      'All students learn the same rows of weak labels, a tenth of the groups held out. final keeps the last step; weak-stopped the earliest step with the best held-out ' +
      'accuracy against the weak labels; oracle the same against the truth, which no experiment may use: it shows what was there. The curves are held-out accuracy over ' +
      'training, against weak labels and against the truth. Where the first goes on rising after the second has turned, the student has begun to learn the supervisor’s errors.',
    says: differencesText(compared),
  };
}

/** Where in training the kept weights come from, the mean over seeds. */
async function keptShare(store: Store, roles: readonly OverfittingRoles[]): Promise<Measure | null> {
  const shares = await Promise.all(
    roles.map(async ({ curve }) => {
      if (curve === null) return 1;
      const { earlyStop, steps } = await resultOf(store, curve);
      return earlyStop ? earlyStop.step / steps : 1;
    }),
  );
  return { value: shares.reduce((sum, share) => sum + share, 0) / shares.length, ci95: null };
}

async function curvesOf(
  store: Store,
  { seed, roles }: { seed: number; roles: OverfittingRoles },
): Promise<AnalysisCurve[]> {
  if (roles.curve === null) return [];
  const { earlyStop } = await resultOf(store, roles.curve);
  const points = earlyStop?.curve ?? [];
  return [
    { name: `truth, seed ${seed}`, points: points.map(({ step, truth }) => ({ x: step, y: truth ?? 0 })) },
    { name: `weak labels, seed ${seed}`, points: points.map(({ step, labels }) => ({ x: step, y: labels })) },
  ];
}

async function resultOf(store: Store, hash: string): Promise<FinetuneResult> {
  return (await store.readResult(hash)) as unknown as FinetuneResult;
}
