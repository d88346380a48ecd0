/** How a model learns and is asked, resolved: fields that are of no effect are absent. */
import type { Found } from './layers.js';
import { nameOf, settingError } from './layers.js';
import type { HeadName, Loss, TaskName } from './model.js';

/** Of `ModelSettings`; each absent where it has no meaning. */
export interface MethodSettings {
  /** Absent: fine-tuning. */
  method?: 'probe' | 'finetune-then-probe' | 'prompt';
  /** The next four with a probe alone. */
  probeFit?: 'adam' | 'lbfgs';
  /** With Adam alone, as the next. */
  probeEpochs?: number;
  probeLr?: number;
  probeL2?: number;
  /** Examples in a prompt, with `prompt` alone. */
  shots?: number;
  /** What a text is put into; `{text}` stands for it. Absent: the text as it is. */
  template?: string;
  /** As typed: one word a class between commas. Absent: the names of the classes. */
  answers?: string;
  /** With the head `tokens` alone. */
  answerVocabulary?: 'restricted' | 'full';
  /** Most tokens of a written answer; absent: as many as were learned. */
  maxNewTokens?: number;
}

/** What settings say, the strongest first; the keys of `methodKeys.ts`. */
export interface MethodRaw extends Omit<MethodSettings, 'method'> {
  method?: MethodSettings['method'] | 'finetune';
  head?: HeadName;
}

type FindMethod = <N extends keyof MethodRaw>(name: N) => Found<NonNullable<MethodRaw[N]>> | undefined;

/** What a text is put into before its answer token is read. */
export const DEFAULT_TEMPLATE = '{text}\nAnswer:';
const DEFAULT_SHOTS = 8;
const PROBE_DEFAULTS = { epochs: 200, lr: 1e-3, l2: { adam: 0, lbfgs: 1e-3 } } as const;

/**
 * Resolves the method of one model.
 * @throws ERR_USAGE or ERR_CONFIG naming the settings that contradict each other.
 */
export function resolveMethod(
  find: FindMethod,
  { loss, head, task }: { loss: Loss; head: HeadName; task: TaskName },
): MethodSettings {
  const found = find('method');
  const method = found?.value ?? 'finetune';
  if (found !== undefined) checkMethod(found, task, loss);
  return {
    ...(method === 'finetune' ? {} : { method }),
    ...resolveProbe(find, method),
    ...(method === 'prompt' ? { shots: find('shots')?.value ?? DEFAULT_SHOTS } : {}),
    ...resolvePrompt(find, head, task),
  };
}

/** The heads that may be named beside a method of a head of its own. */
const OWN_HEADS = { prompt: ['tokens', 'lm'], probe: ['linear', 'scalar'] } as const;

/** The head of a method that has one of its own; undefined: as it is asked for. */
export function headOfMethod(find: FindMethod, task: TaskName): HeadName | undefined {
  const method = find('method');
  const head = find('head');
  if (method?.value !== 'prompt' && method?.value !== 'probe') return undefined;
  const own: readonly HeadName[] = OWN_HEADS[method.value];
  if (head === undefined || head.origin.kind === 'preset' || own.includes(head.value)) {
    if (method.value === 'probe') return task === 'preference' ? 'scalar' : 'linear';
    return task === 'completion' ? 'lm' : 'tokens';
  }
  throw settingError(
    head.origin,
    `Expected ${own.join(' or ')} for ${nameOf(head.key, head.origin)} beside ${nameOf(method.key, method.origin)} ${method.value} but received "${head.value}".`,
    'Leave out the head.',
  );
}

/** Which tasks and losses a method can serve. */
function checkMethod(found: Found<NonNullable<MethodRaw['method']>>, task: TaskName, loss: Loss): void {
  const { value, origin } = found;
  const name = nameOf(found.key, origin);
  if (value === 'finetune') return;
  if (value === 'prompt' && task === 'preference') {
    throw settingError(
      origin,
      `Expected data with classes or completions for ${name} prompt but received preferences.`,
      'Use a method that reads rewards: --method finetune',
    );
  }
  if (value !== 'prompt' && task === 'completion') {
    throw settingError(
      origin,
      `Expected data with classes or preferences for ${name} ${value} but received completions: an answer of tokens has no one hidden state.`,
      'Leave out the method, or use data with classes: --dataset chess-legal',
    );
  }
  if (value === 'finetune-then-probe' || loss === 'xent' || (value === 'prompt' && loss === 'completion'))
    return;
  throw settingError(
    origin,
    `Expected xent for --loss beside ${name} ${value} but received ${loss === 'custom' ? 'one of your own' : `"${loss}"`}: ${value === 'probe' ? 'a probe is fitted by cross-entropy' : 'a prompt trains nothing'}.`,
    'Leave out --loss, or fine-tune: --method finetune',
  );
}

function resolveProbe(find: FindMethod, method: string): MethodSettings {
  if (method !== 'probe' && method !== 'finetune-then-probe') return {};
  const probeFit = find('probeFit')?.value ?? 'adam';
  const probeL2 = find('probeL2')?.value ?? PROBE_DEFAULTS.l2[probeFit];
  if (probeFit === 'lbfgs') return { probeFit, probeL2 };
  const probeEpochs = find('probeEpochs')?.value ?? PROBE_DEFAULTS.epochs;
  return { probeFit, probeEpochs, probeLr: find('probeLr')?.value ?? PROBE_DEFAULTS.lr, probeL2 };
}

function resolvePrompt(find: FindMethod, head: HeadName, task: TaskName): MethodSettings {
  const takesAnswers = head === 'tokens' || head === 'unembedding';
  const answers = takesAnswers ? find('answers')?.value : undefined;
  // A likelihood and a reward are read of a prompt with its completion, not of a text.
  const takesTemplate = head !== 'likelihood' && task !== 'preference';
  const template = takesTemplate ? find('template') : undefined;
  if (template) checkTemplate(template);
  const said = template?.value.replaceAll('\\n', '\n') ?? (head === 'tokens' ? DEFAULT_TEMPLATE : undefined);
  // Whether answers are written is known once the data has been looked into: a plan refuses it elsewhere.
  const maxNewTokens = find('maxNewTokens')?.value;
  return {
    ...(maxNewTokens === undefined ? {} : { maxNewTokens }),
    ...(said === undefined ? {} : { template: said }),
    ...(answers === undefined ? {} : { answers }),
    ...(head === 'tokens' ? { answerVocabulary: find('answerVocabulary')?.value ?? 'restricted' } : {}),
  };
}

function checkTemplate({ value, key, origin }: Found<string>): void {
  const name = nameOf(key, origin);
  if (value.split('{text}').length !== 2) {
    throw settingError(
      origin,
      `Expected {text} once for ${name} but received ${JSON.stringify(value)}.`,
      "Try: --template '{text}\\nAnswer:'",
    );
  }
  if (/(\s|\\n)$/.test(value) && !value.endsWith('{text}')) {
    throw settingError(
      origin,
      `Expected no blank at the end of ${name}, as an answer's token brings its own, but received ${JSON.stringify(value)}.`,
      "Try: --template '{text}\\nAnswer:'",
    );
  }
}

/** What each setting of effect in some cases alone needs, and how to ask for it. */
const NEEDS: Readonly<Record<keyof MethodSettings & string, readonly [what: string, use: string]>> = {
  method: ['a method', '--method finetune'],
  probeFit: ['a probe', '--method probe'],
  probeEpochs: ['a probe fitted by Adam', '--method probe --probe-fit adam'],
  probeLr: ['a probe fitted by Adam', '--method probe --probe-fit adam'],
  probeL2: ['a probe', '--method probe'],
  shots: ['a prompt', '--method prompt'],
  template: ['a head that reads a text', '--head linear'],
  answers: ['a head of answer tokens', '--head tokens'],
  answerVocabulary: ['the head tokens', '--head tokens'],
  maxNewTokens: ['data of completions', '--dataset chess-lines'],
};

/**
 * Refuses settings that somebody named and that are of no effect on any model that they were named for.
 * @throws ERR_USAGE or ERR_CONFIG naming the setting.
 */
export function refuseIdleSettings(sides: readonly { find: FindMethod; settings: MethodSettings }[]): void {
  for (const name of Object.keys(NEEDS) as (keyof MethodSettings)[]) {
    if (name === 'method') continue;
    for (const { find, settings } of sides) {
      const found: Found<unknown> | undefined = find(name);
      if (found === undefined || found.origin.kind === 'preset' || settings[name] !== undefined) continue;
      // What is said for both models may serve one of them.
      if (found.key === name && sides.some((side) => side.settings[name] !== undefined)) continue;
      const [what, use] = NEEDS[name];
      throw settingError(
        found.origin,
        `Expected ${what} for ${nameOf(found.key, found.origin)} but received none.`,
        `Leave it out, or: ${use}`,
      );
    }
  }
}
