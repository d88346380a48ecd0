/** Settings of one model → the parts of a step's spec. Pure. */

import { type CustomLoss, plainLoss, type ModelSettings as ResolvedModelSettings } from '../config/model.js';
import type { RowStructure, TaskKind } from '../data/types.js';
import { W2sError } from '../errors.js';
import type { HeadSpec, ObjectiveSpec, OptimisationSpec, ReadingSpec } from './plan.js';

/** What a model's flags come to; the preset has already been turned into the values that it stands for. */
export type ModelSettings = Omit<ResolvedModelSettings, 'preset'>;

/** What the plan must know about the data: nothing of it needs the rows' texts. */
export interface DataShape {
  task: TaskKind;
  /** Class names by index; empty for completions. */
  classes: readonly string[];
  /** What the format knows of rows that belong together; absent: nothing. */
  structure?: RowStructure;
}

export type ReadingSettings = Pick<
  ModelSettings,
  'head' | 'dtype' | 'maxContext' | 'template' | 'answers' | 'answerVocabulary' | 'maxNewTokens'
>;

export function readingOf(settings: ReadingSettings, data: DataShape): ReadingSpec {
  const { dtype, maxContext, template, maxNewTokens } = settings;
  if (maxNewTokens !== undefined && data.task !== 'completion') {
    throw new W2sError(
      'ERR_USAGE',
      `Expected data of completions for --max-new-tokens but received data of ${data.task}s: no answer is written`,
      { hint: 'Leave it out' },
    );
  }
  return {
    task: data.task,
    head: headOf(settings, data),
    dtype,
    maxContext,
    ...(template === undefined ? {} : { template }),
    ...(maxNewTokens === undefined ? {} : { maxNewTokens }),
  };
}

/** Reading for a language model's own losses: any text, no labels. */
export function languageReading(settings: ReadingSettings, data: DataShape): ReadingSpec {
  const { dtype, maxContext, template } = settings;
  const shown = template === undefined ? {} : { template };
  return { task: data.task, head: { kind: 'lm' }, dtype, maxContext, ...shown };
}

export function optimisationOf(settings: ModelSettings): OptimisationSpec {
  const { optimizer, epochs, batchSize, lr, headLr, weightDecay, clip, schedule, warmupSteps } = settings;
  return { optimizer, epochs, batchSize, lr, headLr, weightDecay, clip, schedule, warmupSteps };
}

/**
 * Whether a loss learns texts alone, so that labels are of no use to it: `lm` of any rows, and of preferences also
 * `completion`, which is then generative fine-tuning on both completions, whichever is the better.
 */
export function isGenerative({ loss }: Pick<ModelSettings, 'loss'>, { task }: DataShape): boolean {
  return loss === 'lm' || (loss === 'completion' && task === 'preference');
}

/** What a generative loss learns from: of prompts with completions the completions' tokens, of texts every token. */
export function generativeObjective({ task }: DataShape): ObjectiveSpec {
  return task === 'preference' ? { loss: 'completion' } : { loss: 'lm' };
}

/** The task's loss without any method: what weak supervisor and ceiling are trained with. */
export function plainObjective(data: DataShape): ObjectiveSpec {
  return data.task === 'completion' ? { loss: 'completion' } : { loss: 'xent' };
}

/** What a student is asked to learn by: the loss, and whether its labels are balanced batch by batch. */
export interface Objectives {
  objective: ObjectiveSpec;
  balanced?: true;
}

/** The loss that was asked for, checked against the task, and what goes with it. */
export function objectivesOf(settings: ModelSettings, data: DataShape): Objectives {
  const objective = objectiveOf(settings, data);
  if (!settings.balanced) return { objective };
  requireTwoClasses(data, '--balanced', 'Leave it out');
  return { objective, balanced: true };
}

/** The loss that was asked for, checked against the task. */
function objectiveOf(settings: ModelSettings, data: DataShape): ObjectiveSpec {
  if (settings.customLoss !== undefined) return customObjective(settings.customLoss, data);
  return data.task === 'completion' ? tokenObjective(settings) : classObjective(settings, data);
}

/** A loss of the user's own. @throws ERR_USAGE on completions */
export function customObjective({ name, source, params }: CustomLoss, { task }: DataShape): ObjectiveSpec {
  if (task !== 'completion') return { loss: 'custom', name, source, params };
  throw new W2sError(
    'ERR_USAGE',
    `Expected a data set with classes for the loss ${name} but received one whose answers are completions: such a loss sees one row of logits an example`,
    {
      hint: 'Use the loss of completions (--loss completion), or a data set with classes: --dataset chess-legal',
    },
  );
}

function tokenObjective({ loss }: ModelSettings): ObjectiveSpec {
  if (plainLoss(loss) !== loss) {
    const [classes, why] =
      loss === 'confidence'
        ? ['two classes', 'label probabilities to harden']
        : ['classes', 'probabilities of classes'];
    throw new W2sError(
      'ERR_USAGE',
      `Expected a data set with ${classes} for --loss ${loss} but received one whose answers are completions: a completion has no ${why}`,
      { hint: 'Use the loss of completions: --loss completion' },
    );
  }
  // Cross-entropy is the loss of a completion too, on its tokens: the default `xent` means just that.
  return loss === 'lm' ? { loss: 'lm' } : { loss: 'completion' };
}

function classObjective(settings: ModelSettings, data: DataShape): ObjectiveSpec {
  const { loss, threshold, alphaMax, lossWarmup } = settings;
  switch (loss) {
    case 'xent':
    case 'reverse-kl':
      return { loss };
    case 'confidence':
      requireTwoClasses(data, '--loss confidence', 'Use cross-entropy: --loss xent');
      return { loss, threshold, alphaMax, warmup: lossWarmup };
    case 'product':
      return { loss, alpha: said(settings.lossAlpha), beta: said(settings.lossBeta) };
    case 'window':
      return { loss, radius: said(settings.windowRadius) };
    case 'entropy':
      return { loss, alphaMax, warmup: said(lossWarmup === 'as-released' ? undefined : lossWarmup) };
    case 'adaptive-confidence':
      return { loss, temperature: said(settings.lossTemperature) };
    default:
      throw new W2sError(
        'ERR_USAGE',
        `Expected xent or confidence, or another loss of classes, for --loss on a data set with classes but received ${loss}`,
        { hint: 'Use cross-entropy: --loss xent' },
      );
  }
}

/** A parameter that settings of its loss hold. Throws a TypeError where they do not. */
function said<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('settings of a loss without its parameters');
  return value;
}

function requireTwoClasses(data: DataShape, what: string, hint: string): void {
  if (data.classes.length === 2) return;
  const received =
    data.task === 'completion'
      ? 'completions'
      : `${data.classes.length}: ${data.classes.slice(0, 6).join(', ')}`;
  throw new W2sError('ERR_USAGE', `Expected exactly two classes for ${what} but received ${received}`, {
    hint,
  });
}

function headOf(settings: ReadingSettings, data: DataShape): HeadSpec {
  const labels = data.classes.length;
  if (data.task === 'completion') return completionHead(settings);
  if (data.task === 'preference') return rewardHead(settings);
  if (settings.head === 'lm') {
    throw headError(
      'linear, unembedding, tokens or likelihood for --head on a data set with classes',
      'lm',
      'linear',
    );
  }
  if (settings.head === 'likelihood') {
    if (labels !== 2) throw headError('two classes for --head likelihood', `${labels}`, 'linear');
    return { kind: 'likelihood' };
  }
  if (settings.head === 'linear') return { kind: 'classifier', labels, init: 'zero' };
  const answers = answersOf(data.classes, settings.answers);
  if (settings.head === 'unembedding') return { kind: 'classifier', labels, init: 'unembedding', answers };
  if (settings.head === 'tokens')
    return { kind: 'tokens', answers, vocabulary: settings.answerVocabulary ?? 'restricted' };
  throw headError('a head of classes for --head on a data set with classes', settings.head, 'linear');
}

function completionHead(settings: ReadingSettings): HeadSpec {
  // `linear` is the default of --head, and has no meaning here: completions are read by the language model.
  if (settings.head === 'lm' || settings.head === 'linear') return { kind: 'lm' };
  throw headError('lm for --head on a data set of completions', settings.head, 'lm');
}

function rewardHead(settings: ReadingSettings): HeadSpec {
  if (settings.head === 'likelihood') return { kind: 'likelihood' };
  // `linear` is the default of --head: of one sequence it is one number.
  if (settings.head === 'scalar' || settings.head === 'linear') return { kind: 'scalar' };
  throw headError('scalar or likelihood for --head on preferences', settings.head, 'scalar');
}

function headError(expected: string, received: string, use: string): W2sError {
  return new W2sError('ERR_USAGE', `Expected ${expected} but received ${received}`, {
    hint: `Use --head ${use}`,
  });
}

/**
 * The answer of each class: the words that `--answers` names, else class names, or No and Yes where they are 0
 * and 1.
 */
function answersOf(classes: readonly string[], said: string | undefined): readonly string[] {
  if (said === undefined) {
    const numbered = classes.every((name, index) => name === String(index));
    return numbered && classes.length === 2 ? ['No', 'Yes'] : classes;
  }
  const answers = said.split(',').map((answer) => answer.trim());
  if (answers.length === classes.length && answers.every((answer) => answer !== '')) return answers;
  throw new W2sError(
    'ERR_USAGE',
    `Expected ${classes.length} words between commas for --answers, one for each class (${classes.slice(0, 6).join(', ')}), but received ${JSON.stringify(said)}`,
    {
      hint: `Name one for each: --answers ${classes.map((_, i) => String.fromCharCode(65 + (i % 26))).join(',')}`,
    },
  );
}
