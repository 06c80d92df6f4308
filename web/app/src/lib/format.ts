// How values are written for people.

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const fullDay = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
const utc = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });

export function time(ms: number): string {
  return dateTime.format(new Date(ms));
}

/** A day in UTC, as reports mean it. */
export function utcDay(ms: number): string {
  return utc.format(new Date(ms));
}

/** A share of a whole, rounded so that only all of it is 100 % and only none of it 0 %. */
export function share(part: number, whole: number): string {
  if (whole <= 0) return '–';
  if (part <= 0 || part >= whole) return part > 0 ? '100 %' : '0 %';
  return `${(Math.max(Math.floor((part * 1000) / whole), 1) / 10).toFixed(1)} %`;
}

/** Short for a list: the hour today, the day this year, else the date. */
export function shortTime(ms: number, now = Date.now()): string {
  const then = new Date(ms);
  const today = new Date(now);
  if (then.toDateString() === today.toDateString()) return clock.format(then);
  return (then.getFullYear() === today.getFullYear() ? day : fullDay).format(then);
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = -1;
  do {
    value /= 1024;
    unit += 1;
  } while (value >= 1000 && unit < units.length - 1);
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export function score(points: number): string {
  return points.toFixed(1);
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString()} ${n === 1 ? one : many}`;
}

// Characters that show nothing or turn the text around: control, zero-width, bidirectional marks,
// tag characters. The server cleans them out already; if one comes through it is named, not obeyed.
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** Text of a stranger, with what cannot be seen made visible. */
export function visible(text: string): string {
  return text.replace(unseen, (c) => `\u27e8U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}\u27e9`);
}
