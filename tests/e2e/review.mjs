// What a reviewer does on a whole gateway: log in, find the malware and read why it is held, release
// a false positive. usage: node review.mjs URL USER PASSWORD MODULES OUTPUT
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { ListPage, LoginPage, MessagePage } from '../web/pages.mjs';
import { startBrowser } from '../web/site.mjs';

const [url, user, password, modules, output] = process.argv.slice(2);
mkdirSync(output, { recursive: true });
const { page, complaints, stop } = await startBrowser({ modules });
const shot = (name) => page.screenshot({ path: `${output}/${name}.png`, fullPage: true });
try {
  const login = new LoginPage(page, url);
  await login.open();
  await login.login({ user, password });

  const list = new ListPage(page);
  await list.waitTotal(2);
  await shot('list');
  await list.search('scan result');
  await list.waitTotal(1);
  await list.open('Fwd: Scan result');
  const message = new MessagePage(page);
  await message.ready();
  await shot('malware');
  const why = await message.section('Why it is held').textContent();
  assert.match(why, /Eicar-Signature/);
  assert.match(why, /ClamAV knows this file as malware/);

  await page.goto(url);
  await list.waitTotal(2);
  await list.open('Salary list');
  await message.ready();
  await shot('encrypted');
  assert.match(await message.section('Why it is held').textContent(), /password/i);
  await message.scanAgain();
  await message.section('Scanned again').waitFor({ timeout: 30000 });
  await shot('scanned-again');
  assert.match(await message.section('What the new scan found').textContent(), /password/i);
  const dialog = await message.release();
  await dialog.confirm();
  await page.getByText('Delivered', { exact: false }).first().waitFor({ timeout: 20000 });
  await shot('released');
  assert.deepEqual(complaints, []);
} catch (error) {
  await shot('failed');
  throw error;
} finally {
  await stop();
}
