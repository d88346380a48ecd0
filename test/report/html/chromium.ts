/**
 * A browser for tests: Chromium over its debugging pipe (the Chrome DevTools Protocol as JSON texts that end
 * in a zero byte), which needs neither a port nor a package.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** `CHROMIUM_PATH`, else the first of the usual names on PATH; undefined where there is none. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (env.CHROMIUM_PATH) return env.CHROMIUM_PATH;
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface View {
  width: number;
  height: number;
  scheme: 'light' | 'dark';
}

/** What happened while a page was opened. */
export interface Visit {
  /** Console messages, exceptions and log entries. */
  complaints: string[];
  /** Every address that was asked for. */
  requests: string[];
  evaluate<T>(expression: string): Promise<T>;
  /** PNG of the whole page, as base64. */
  screenshot(): Promise<string>;
}

interface Message {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
  sessionId?: string;
}

export class Chromium {
  private readonly waiting = new Map<
    number,
    { resolve(value: Record<string, unknown>): void; reject(error: Error): void }
  >();
  private readonly listeners = new Set<(message: Message) => void>();
  private lastId = 0;
  private unread = '';

  private constructor(
    private readonly process: ChildProcess,
    private readonly profile: string,
  ) {
    const [, , , , output] = process.stdio as unknown as [null, null, null, Writable, Readable];
    output.setEncoding('utf8').on('data', (text: string) => this.read(text));
    process.on('exit', () => {
      for (const { reject } of this.waiting.values()) reject(new Error('the browser ended'));
    });
  }

  static start(path: string): Chromium {
    const profile = mkdtempSync(join(tmpdir(), 'w2s-chromium-'));
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--remote-debugging-pipe',
    ];
    const process = spawn(path, [...flags, `--user-data-dir=${profile}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    return new Chromium(process, profile);
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    await this.send('Browser.close').catch(() => this.process.kill('SIGKILL'));
    await ended;
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Opens a page in a tab of its own and waits until it is loaded. */
  async open(url: string, { width, height, scheme }: View): Promise<Visit> {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const call = (method: string, params: object = {}) => this.send(method, params, sessionId as string);
    const visit = { complaints: [] as string[], requests: [] as string[] };
    const loaded = new Promise<void>((resolve) => {
      this.listeners.add((message) => {
        if (message.sessionId !== sessionId) return;
        note(message, visit);
        if (message.method === 'Page.loadEventFired') resolve();
      });
    });
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await call(`${domain}.enable`);
    await call('Emulation.setDeviceMetricsOverride', {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: width < 500,
    });
    await call('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
    await call('Page.navigate', { url });
    await loaded;
    return {
      ...visit,
      evaluate: async <T>(expression: string): Promise<T> => {
        const { result } = await call('Runtime.evaluate', { expression, returnByValue: true });
        return (result as { value: T }).value;
      },
      screenshot: async () =>
        (await call('Page.captureScreenshot', { captureBeyondViewport: true })).data as string,
    };
  }

  private send(method: string, params: object = {}, sessionId?: string): Promise<Record<string, unknown>> {
    const id = ++this.lastId;
    const [, , , input] = this.process.stdio as unknown as [null, null, null, Writable];
    input.write(`${JSON.stringify({ id, method, params, ...(sessionId ? { sessionId } : {}) })}\0`);
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  private read(text: string): void {
    const texts = (this.unread + text).split('\0');
    this.unread = texts.pop() ?? '';
    for (const one of texts) this.take(JSON.parse(one) as Message);
  }

  private take(message: Message): void {
    if (message.id === undefined) {
      for (const listener of this.listeners) listener(message);
      return;
    }
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.error) waiting?.reject(new Error(message.error.message));
    else waiting?.resolve(message.result ?? {});
  }
}

function note({ method, params = {} }: Message, visit: Pick<Visit, 'complaints' | 'requests'>): void {
  if (method === 'Network.requestWillBeSent') visit.requests.push((params.request as { url: string }).url);
  const complaint = ['Runtime.consoleAPICalled', 'Runtime.exceptionThrown', 'Log.entryAdded'];
  if (method !== undefined && complaint.includes(method)) visit.complaints.push(JSON.stringify(params));
}
