// A postern-web of our own on a freshly seeded store, and a browser: what browser tests stand on.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, openSync, closeSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve as resolvePath } from 'node:path';

export const accounts = {
  admin: { user: 'admin', password: 'correct horse battery' },
  reviewer: { user: 'rita', password: 'correct horse battery' },
};

/** Seeds a store with `extra` plain messages beside the special ones and `reports` rows of DMARC reports, and serves it. */
export async function startSite({ bin, seed, extra = 0, reports = 0 }) {
  const folder = mkdtempSync(join(tmpdir(), 'postern-web-'));
  execFileSync(seed, [folder, String(extra), String(reports)], { stdio: 'inherit' });
  const settings = openSync(join(folder, 'settings.json'), 'r');
  const child = spawn(join(bin, 'postern-web'), ['--settings-fd', '3'], {
    stdio: ['ignore', 'inherit', 'pipe', settings, 'pipe'],
  });
  closeSync(settings);
  const url = await new Promise((resolve, reject) => {
    let said = '';
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text) => {
      said += text;
      const match = /serving (https:\/\/\S+)/.exec(said);
      if (match) resolve(match[1]);
    });
    child.on('exit', (code) => reject(new Error(`postern-web ended with ${code}: ${said}`)));
  });
  return {
    url,
    folder,
    /** Ends it as its supervisor would; resolves to the exit code. */
    stop: () =>
      new Promise((resolve) => {
        child.removeAllListeners('exit');
        child.on('exit', (code) => {
          rmSync(folder, { recursive: true, force: true });
          resolve(code);
        });
        child.stdio[4].destroy();
      }),
  };
}

/** Debian's Chromium, headless, with a profile that is new each time. */
export async function startBrowser({ modules, width = 1280, height = 900, dark = false, downloads }) {
  const require = createRequire(join(resolvePath(modules), 'package.json'));
  const { chromium } = require('playwright-core');
  const profile = mkdtempSync(join(tmpdir(), 'postern-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.POSTERN_CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--disable-quic',
    ],
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    locale: 'en-GB',
    timezoneId: 'UTC',
    ignoreHTTPSErrors: true,
    acceptDownloads: true,
    downloadsPath: downloads,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(10000);
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    // The first thing the page asks is whether there is a session; 401 is a fine answer.
    if (message.type() === 'error' && !/status of 401/.test(message.text())) complaints.push(message.text());
  });
  page.on('dialog', (dialog) => {
    complaints.push(`a script opened a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return {
    page,
    complaints,
    stop: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
