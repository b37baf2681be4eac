/** A real Chromium without windows, by the packages of site/. The types are the part that tests use. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { findTool } from './tools.ts';

const SITE = resolve(import.meta.dirname, '..', '..', 'site');

export type Response = { url(): string; status(): number };
export type Page = {
  goto(url: string): Promise<unknown>;
  on(event: 'console', listener: (message: { type(): string; text(): string }) => void): void;
  on(event: 'pageerror', listener: (error: Error) => void): void;
  on(event: 'response', listener: (response: Response) => void): void;
  on(event: 'request', listener: (request: { url(): string }) => void): void;
  setViewportSize(size: { width: number; height: number }): Promise<void>;
  emulateMedia(options: { colorScheme: 'dark' | 'light' }): Promise<void>;
  evaluate<Result>(script: string): Promise<Result>;
  waitForFunction(script: string): Promise<unknown>;
  click(selector: string): Promise<void>;
  fill(selector: string, text: string): Promise<void>;
  waitForSelector(selector: string): Promise<unknown>;
  waitForURL(pattern: RegExp): Promise<void>;
};
export type Browser = { newPage(): Promise<Page>; close(): Promise<void> };

/** Undefined where Chromium or the packages of site/ are not installed. */
export function findBrowser(): (() => Promise<Browser>) | undefined {
  const executablePath = ['chromium', 'chromium-browser', 'google-chrome'].map(findTool).find(Boolean);
  if (executablePath === undefined || !existsSync(join(SITE, 'node_modules', 'playwright-core'))) return undefined;
  const { chromium } = createRequire(join(SITE, 'package.json'))('playwright-core') as {
    chromium: { launch(options: object): Promise<Browser> };
  };
  // root has no sandbox; containers have little of /dev/shm.
  return () => chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}
