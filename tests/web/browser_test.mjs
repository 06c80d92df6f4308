#!/usr/bin/env node
// The review page in a real browser, against a real postern-web on a seeded store.
// usage: browser_test.mjs --bin FOLDER --seed PROGRAM --modules FOLDER --output FOLDER [NAME]
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { addDmarcTests } from './browser_dmarc.mjs';
import { AuditPage, ConfirmDialog, DmarcPage, ListPage, LoginPage, MessagePage, notice } from './pages.mjs';
import { accounts, startBrowser, startSite } from './site.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { bin: { type: 'string' }, seed: { type: 'string' }, modules: { type: 'string' }, output: { type: 'string' } },
});
mkdirSync(options.output, { recursive: true });

const special = 6; // messages the seed always makes
const tests = [];
const test = (name, run, site = {}) => tests.push({ name, run, site });

async function loggedIn({ page, url }, who = accounts.reviewer) {
  const login = new LoginPage(page, url);
  await login.open();
  await login.login(who);
  const list = new ListPage(page);
  await list.ready();
  return list;
}

test('a wrong password is refused, the right one is let in, and out again', async (t) => {
  const login = new LoginPage(t.page, t.url);
  await login.open();
  assert.equal(await t.page.evaluate(() => document.activeElement.id), 'user');
  await login.login({ user: 'rita', password: 'not this one' });
  await t.page.getByText('Name or password is wrong.').waitFor();
  await login.login(accounts.reviewer);
  await new ListPage(t.page).ready();
  const cookie = (await t.page.context().cookies()).find((c) => c.name === '__Host-postern');
  assert.ok(cookie.httpOnly && cookie.secure && cookie.sameSite === 'Strict');
  assert.equal(await t.page.evaluate(() => document.cookie), '');
  await t.page.reload();
  await new ListPage(t.page).ready();
  await t.page.getByRole('button', { name: 'Log out' }).click();
  await t.page.getByLabel('Password').waitFor();
  await t.page.reload();
  await t.page.getByLabel('Password').waitFor();
});

test('the list searches, filters and clears', async (t) => {
  const list = await loggedIn(t);
  assert.equal(await list.total(), special);
  await list.search('invoice');
  await list.waitTotal(1);
  assert.match((await list.subjects())[0], /^Invoice 2026-118/);
  await t.page.getByRole('button', { name: 'Clear' }).click();
  await list.waitTotal(special);
  await list.filter('Class', 'phishing');
  await list.waitTotal(1);
  await list.filter('Class', '');
  await list.filter('Status', 'deleted');
  await t.page.getByText('No message matches.').waitFor();
  await t.page.goBack();
  await list.waitTotal(special);
});

test('long lists have pages', async (t) => {
  const list = await loggedIn(t);
  assert.equal(await list.total(), special + 60);
  assert.equal((await list.subjects()).length, 50);
  await t.page.getByRole('link', { name: 'Older' }).click();
  await t.page.getByText(`${special + 10} messages on this page`).waitFor();
  await t.page.getByRole('link', { name: 'Newest' }).click();
  await t.page.getByText('50 messages on this page').waitFor();
}, { extra: 60 });

test('a message says why it is held, and what it contains', async (t) => {
  const list = await loggedIn(t);
  await list.open('Invoice 2026-118');
  const message = new MessagePage(t.page);
  await message.ready();
  const why = message.section('Why it is held');
  for (const text of ['critical', 'AV_MATCH', '+15.0', 'ClamAV knows this file as malware.', 'Eicar-Signature', 'T1566.001']) {
    await why.getByText(text).first().waitFor();
  }
  await why.getByRole('button', { name: 'message/3:invoice.pdf.js' }).first().click();
  assert.equal(await t.page.evaluate(() => document.activeElement.id), 'object-3');
  const contents = message.section(/What it contains/);
  await contents.getByText('invoice.zip').waitFor();
  await contents.getByText('type-mismatch').waitFor();
  assert.equal(await contents.locator('ul ul ul strong').innerText(), 'invoice.pdf.js');
  await message.section('Headers').getByText('Message-ID:').waitFor();
  await message.section('Text').getByText('please see the attachment').waitFor();
  await message.section('Authentication').getByText('body hash differs').waitFor();
  await t.page.getByText('infected', { exact: true }).waitFor();
});

test('what was not looked at is said', async (t) => {
  const list = await loggedIn(t);
  await list.open('Quarterly figures');
  const message = new MessagePage(t.page);
  const unread = message.section('Not everything was looked at');
  await unread.getByText('it is encrypted').waitFor();
  await unread.getByText('limit of depth reached').waitFor();
  await unread.getByText('allowed 16, seen 17 or more').waitFor();
});

test('addresses in a message are text, not links', async (t) => {
  const list = await loggedIn(t);
  await list.open('Your mailbox is full');
  const message = new MessagePage(t.page);
  await message.section(/Addresses in it/).getByText('http://198.51.100.9/login?u=ana').waitFor();
  const links = await t.page.locator('a').evaluateAll((all) => all.map((a) => a.href));
  assert.deepEqual(links.filter((href) => !href.startsWith(t.url)), []);
});

test('hostile text is shown as text', async (t) => {
  const list = await loggedIn(t);
  await list.row("<script>document.title='owned'</script>").waitFor();
  await list.open("<script>document.title='owned'</script>");
  const message = new MessagePage(t.page);
  await message.ready();
  const subject = await message.subject();
  assert.ok(subject.startsWith("<script>document.title='owned'</script> \u27e8U+202E\u27e9gnp.exe {@html}"), subject);
  await message.section('Text').getByText('\u27e8U+200B\u27e9').waitFor();
  await message.section(/What it contains/).getByText('same id again').waitFor();
  await message.section('Recipients').getByText('"><svg/onload=alert(1)>@dest.example').waitFor();
  await t.page.getByRole('button', { name: /^Release/ }).first().click();
  await t.page.getByRole('dialog').getByText('"><svg/onload=alert(1)>@dest.example').waitFor();
  await t.page.getByRole('button', { name: 'Cancel' }).click();
  assert.match(await t.page.title(), /Postern$/);
  assert.equal(await t.page.locator('main img, main svg, main script').count(), 0);
  for (const width of [1280, 400]) {
    await t.page.setViewportSize({ width, height: 900 });
    const wide = await t.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(wide, 0, `the page is wider than ${width}`);
  }
});

test('a release for one recipient becomes a delivery that is owed', async (t) => {
  const list = await loggedIn(t);
  await list.open('Invoice 2026-118');
  const message = new MessagePage(t.page);
  await message.ready();
  const dialog = await message.release();
  await dialog.box.getByText('was judged malware').waitFor();
  await dialog.box.getByLabel('ana@dest.example').uncheck();
  await dialog.confirm();
  await notice(t.page).getByText('Release requested for 1 recipient.').waitFor();
  const recipients = message.section('Recipients');
  await recipients.getByRole('listitem').filter({ hasText: 'ben@dest.example' }).getByText('releasing').waitFor();
  await recipients.getByRole('listitem').filter({ hasText: 'ana@dest.example' }).getByText('held').waitFor();
  await recipients.getByText(/Release asked by rita/).waitFor();
  await message.section('What was done').getByText('release', { exact: true }).waitFor();
  await t.page.getByText('1 delivery waiting').waitFor();
  const state = await t.page.evaluate(async () => {
    const id = location.hash.split('/').pop();
    return (await fetch(`/api/v1/messages/${id}/state`)).json();
  });
  assert.deepEqual(state.deliveries.map((d) => [d.forward_path, d.state]), [['ben@dest.example', 'due']]);
});

test('a new scan is asked for once and waits for the gateway', async (t) => {
  const list = await loggedIn(t);
  await list.open('Invoice 2026-118');
  const message = new MessagePage(t.page);
  await message.ready();
  await message.scanAgain();
  await notice(t.page).getByText('A new scan was asked for.').waitFor();
  await t.page.getByRole('button', { name: 'Scanning…', disabled: true }).waitFor();
  await message.section('What was done').getByText('asked for').waitFor();
  const state = await t.page.evaluate(async () => {
    const id = location.hash.split('/').pop();
    return (await fetch(`/api/v1/messages/${id}/state`)).json();
  });
  assert.deepEqual([state.rescan_asked, state.rescan, state.deliveries], [true, null, []]);
});

test('a delete asks first, and takes the content only', async (t) => {
  const list = await loggedIn(t);
  await list.open('Setup for the new printer');
  const message = new MessagePage(t.page);
  await message.ready();
  await (await message.remove()).cancel();
  assert.equal(await t.page.getByText('The content was deleted').count(), 0);
  await (await message.remove()).confirm();
  await t.page.getByText('The content was deleted').waitFor();
  await message.section('Text').waitFor({ state: 'detached' });
  await t.page.getByRole('button', { name: /^Release/, disabled: true }).waitFor();
  await t.page.getByRole('link', { name: '← Messages' }).click();
  await list.waitTotal(special - 1);
});

test('a download is an encrypted ZIP file', async (t) => {
  const list = await loggedIn(t);
  await list.open('Invoice 2026-118');
  const message = new MessagePage(t.page);
  await message.ready();
  const download = await message.download();
  assert.match(download.suggestedFilename(), /^postern-[0-9A-Z]{26}\.zip$/);
  const zip = readFileSync(await download.path());
  assert.equal(zip.subarray(0, 4).toString('latin1'), 'PK\x03\x04');
  assert.equal(zip[6] & 1, 1, 'it is encrypted');
});

test('several messages are released or deleted at once', async (t) => {
  const list = await loggedIn(t);
  await list.choose('Invoice 2026-118');
  await list.choose('Your mailbox is full');
  await t.page.getByText('2 chosen').waitFor();
  await t.page.getByRole('button', { name: 'Delete', exact: true }).click();
  const dialog = new ConfirmDialog(t.page);
  await dialog.box.getByRole('heading', { name: 'Delete 2 messages?' }).waitFor();
  await dialog.confirm();
  await notice(t.page).getByText('2 messages deleted.').waitFor();
  await list.waitTotal(special - 2);
  await t.page.getByLabel(/Choose all/).check();
  await t.page.getByRole('button', { name: 'Release', exact: true }).click();
  await new ConfirmDialog(t.page).confirm();
  await notice(t.page).getByText(`Release of ${special - 2} messages requested.`).waitFor();
  await list.waitRows('releasing', special - 2);
});

test('everything can be done with the keyboard', async (t) => {
  const list = await loggedIn(t);
  const { keyboard } = t.page;
  const focused = () => t.page.evaluate(() => document.activeElement?.textContent ?? '');
  await keyboard.press('j');
  assert.match(await focused(), /^Invoice/);
  await keyboard.press('ArrowDown');
  assert.match(await focused(), /^Your mailbox/);
  await keyboard.press('k');
  await keyboard.press('Enter');
  const message = new MessagePage(t.page);
  await message.ready();
  await keyboard.press('r');
  await t.page.getByRole('dialog').waitFor();
  await keyboard.press('Escape');
  await t.page.getByRole('dialog').waitFor({ state: 'detached' });
  await keyboard.press('u');
  await list.ready();
  await keyboard.press('/');
  assert.equal(await t.page.evaluate(() => document.activeElement.id), 'search');
  await keyboard.type('mailbox');
  await keyboard.press('Enter');
  await list.waitTotal(1);
  await t.page.getByRole('heading', { level: 1 }).click();
  await t.page.evaluate(() => document.activeElement.blur());
  await keyboard.press('j');
  await keyboard.press('x');
  await t.page.getByText('1 chosen').waitFor();
  await keyboard.press('Delete');
  await t.page.getByRole('dialog').getByRole('heading', { name: 'Delete this message?' }).waitFor();
  await keyboard.press('Enter');
  await notice(t.page).getByText('1 message deleted.').waitFor();
  await t.page.getByText('No message matches.').waitFor();
});

test('the first stop of the Tab key is a link to the content', async (t) => {
  const list = await loggedIn(t);
  await t.page.reload();
  await list.ready();
  await t.page.keyboard.press('Tab');
  assert.equal(await t.page.evaluate(() => document.activeElement.textContent), 'Skip to content');
  await t.page.keyboard.press('Enter');
  assert.equal(await t.page.evaluate(() => document.activeElement.id), 'content');
  await new ListPage(t.page).ready();
});

test('the audit log is for administrators, and says who did what', async (t) => {
  let list = await loggedIn(t);
  assert.equal(await t.page.getByRole('link', { name: 'Audit log' }).count(), 0);
  await list.open('Invoice 2026-118');
  await new MessagePage(t.page).ready();
  await t.page.getByRole('button', { name: 'Log out' }).click();
  list = await loggedIn(t, accounts.admin);
  const audit = new AuditPage(t.page);
  await audit.open();
  await t.page.getByLabel('Who').fill('rita');
  await t.page.getByLabel('Act').fill('view');
  await t.page.getByRole('button', { name: 'Filter' }).click();
  await t.page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
  assert.match(await audit.rows.first().textContent(), /from 127\.0\.0\.1/);
});

addDmarcTests(test, loggedIn);

test('a change made elsewhere shows without a reload', async (t) => {
  const list = await loggedIn(t);
  await t.page.evaluate(async () => {
    const session = await (await fetch('/api/v1/session')).json();
    const page = await (await fetch('/api/v1/messages?text=mailbox')).json();
    await fetch(`/api/v1/messages/${page.messages[0].id}`, { method: 'DELETE', headers: { 'X-CSRF-Token': session.csrf } });
  });
  await list.waitTotal(special - 1);
});

test('a session that ended elsewhere leads back to the login', async (t) => {
  const list = await loggedIn(t);
  await t.page.context().clearCookies();
  await list.open('Invoice 2026-118');
  await t.page.getByLabel('Password').waitFor();
});

for (const dark of [false, true]) {
  for (const width of [1280, 400]) {
    const look = `${width}${dark ? '-dark' : ''}`;
    test(`pages fit and can be looked at: ${look}`, async (t) => {
      const shot = async (name) => {
        const wide = await t.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(wide, 0, `${name} is wider than ${width}`);
        await t.page.screenshot({ path: join(options.output, `${name}-${look}.png`), fullPage: true });
      };
      await new LoginPage(t.page, t.url).open();
      await shot('login');
      const list = await loggedIn(t, accounts.admin);
      await shot('list');
      await t.page.keyboard.press('j');
      await t.page.keyboard.press('x');
      await t.page.keyboard.press('r');
      await t.page.getByRole('dialog').waitFor();
      await shot('release');
      await t.page.keyboard.press('Escape');
      for (const [name, subject] of [['message', 'Invoice 2026-118'], ['hostile', '<script>'], ['unread', 'Quarterly']]) {
        await list.open(subject);
        await new MessagePage(t.page).ready();
        await shot(name);
        await t.page.goBack();
        await list.ready();
      }
      const dmarc = new DmarcPage(t.page);
      await dmarc.open();
      await dmarc.waitRows(9);
      await shot('dmarc');
      await dmarc.toggle('Unauthenticated reports');
      await dmarc.waitRows(1);
      await shot('dmarc-unauthenticated');
      await new AuditPage(t.page).open();
      await shot('audit');
    }, { extra: 6, reports: 8, width, dark });
  }
}

let failed = 0;
for (const { name, run, site: wanted } of tests) {
  if (positionals.length > 0 && !positionals.some((part) => name.includes(part))) continue;
  const site = await startSite({ ...options, ...wanted });
  const browser = await startBrowser({ ...options, ...wanted });
  try {
    await run({ page: browser.page, url: site.url, folder: site.folder });
    assert.deepEqual(browser.complaints, [], 'the browser has complaints');
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${error.stack}\n${browser.complaints.join('\n')}`);
    await browser.page.screenshot({ path: join(options.output, `failed-${failed}.png`) }).catch(() => {});
  }
  await browser.stop();
  assert.equal(await site.stop(), 0, 'postern-web ends cleanly');
}
console.log(failed === 0 ? 'all passed' : `${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
