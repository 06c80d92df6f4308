import type {
  AuditEntry, BulkResult, DmarcReports, MessageRecord, MessageState, Page, Released, Session, StatusCounts,
} from './types';

/** What the server said no with; `code` is its word, `message` its sentence. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}

let csrf = '';
let onLoggedOut: () => void = () => {};

export function setCsrf(token: string): void {
  csrf = token;
}

/** Called when the server says that the session is over. */
export function whenLoggedOut(action: () => void): void {
  onLoggedOut = action;
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (method !== 'GET') headers['X-CSRF-Token'] = csrf;
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
    });
  } catch {
    throw new ApiError(0, 'network', 'The server does not answer.');
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer !== null) return answer as T;
  if (response.status === 401 && path !== '/login') onLoggedOut();
  throw new ApiError(response.status, answer?.error ?? 'answer', answer?.detail ?? 'The server gave no usable answer.');
}

const message = (id: string) => `/messages/${encodeURIComponent(id)}`;

export const api = {
  login: (user: string, password: string) => call<Session>('POST', '/login', { user, password }),
  logout: () => call<unknown>('POST', '/logout'),
  session: () => call<Session>('GET', '/session'),
  status: () => call<StatusCounts>('GET', '/status'),
  messages: (query: URLSearchParams) => call<Page>('GET', `/messages?${query}`),
  message: (id: string) => call<MessageRecord>('GET', message(id)),
  state: (id: string) => call<MessageState>('GET', `${message(id)}/state`),
  release: (id: string, recipients: string[], confirm: boolean) =>
    call<Released>('POST', `${message(id)}/release`, { recipients, confirm }),
  rescan: (id: string) => call<{ asked: boolean }>('POST', `${message(id)}/rescan`, {}),
  remove: (id: string) => call<unknown>('DELETE', message(id)),
  bulk: (action: 'release' | 'delete', ids: string[]) => call<BulkResult>('POST', '/messages/bulk', { action, ids }),
  audit: (query: URLSearchParams) => call<{ entries: AuditEntry[]; next: number | null }>('GET', `/audit?${query}`),
  dmarcReports: (query: URLSearchParams) => call<DmarcReports>('GET', `/dmarc/reports?${query}`),
  downloadUrl: (id: string) => `/api/v1${message(id)}/download`,
};
