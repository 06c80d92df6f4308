// What /api/v1 answers (openapi.yaml). Everything inside `Report` may be missing: it is shown as far
// as it is there.

export const classes = ['malware', 'phishing', 'suspicious', 'policy', 'unscanned', 'spam', 'clean'] as const;
export type MessageClass = (typeof classes)[number];
export const statuses = ['held', 'releasing', 'released', 'failed', 'deleted'] as const;
export type Status = (typeof statuses)[number];
export type RecipientState = 'held' | 'releasing' | 'needs-confirmation' | 'delivered' | 'failed' | 'deleted';

export interface Session {
  user: string;
  role: 'reviewer' | 'admin';
  expires: number;
  csrf: string;
}

export interface Recipient {
  forward_path: string;
  state: RecipientState;
  detail: string;
  changed: number;
}

export interface Summary {
  id: string;
  received: number;
  client_ip: string;
  client_name: string | null;
  helo: string;
  reverse_path: string;
  recipients: Recipient[];
  subject: string;
  from: string[];
  message_id: string;
  size: number;
  sha256: string;
  class: MessageClass;
  action: string;
  score: number;
  reasons: string[];
  status: Status;
  changed: number;
}

export interface Page {
  messages: Summary[];
  total: number;
  next: string;
}

export const severities = ['critical', 'high', 'medium', 'low', 'info'] as const;
export type Severity = (typeof severities)[number];

export interface Finding {
  code: string;
  source?: string;
  severity?: Severity;
  score?: number;
  mode?: 'enforce' | 'monitor';
  object?: number | null;
  detail?: string;
  explanation?: string;
  attack?: string[];
}

export interface ScannedObject {
  id?: number;
  parent?: number | null;
  relation?: string;
  path?: string;
  name?: string;
  size?: number;
  type?: string;
  mime?: string;
  declared_mime?: string | null;
  sha256?: string;
  flags?: string[];
}

export interface FoundUrl {
  url: string;
  host?: string;
  object?: number | null;
  where?: string;
  flags?: string[];
}

export interface LimitHit {
  limit: string;
  object?: number | null;
  configured?: number;
  observed?: number;
}

export interface AnalysisError {
  object?: number | null;
  analyzer?: string;
  code?: string;
  detail?: string;
}

export interface Report {
  envelope?: { tls?: unknown };
  auth?: Record<string, unknown> | null;
  analysis?: {
    complete?: boolean;
    objects?: ScannedObject[];
    urls?: FoundUrl[];
    limits?: LimitHit[];
    errors?: AnalysisError[];
  };
  findings?: Finding[];
  verdict?: { reply?: string | null; complete?: boolean };
  timing_ms?: Record<string, number>;
}

export interface Delivery {
  number: number;
  forward_path: string;
  state: 'due' | 'claimed' | 'needs-confirmation' | 'delivered' | 'failed';
  confirmed: boolean;
  requested_by: string;
  requested: number;
  attempts: number;
  due: number;
  detail: string;
}

export interface AuditEntry {
  number: number;
  time: number;
  who: string;
  remote: string;
  act: string;
  message: string | null;
  detail: string;
}

/** The newest look after the first. */
export interface Rescan {
  time: number;
  who: string;
  class: MessageClass;
  action: string;
  score: number;
  reasons: string[];
  report?: Report | null;
}

export interface MessageState {
  message: Summary;
  rescan: Rescan | null;
  rescan_asked: boolean;
  deliveries: Delivery[];
  audit: AuditEntry[];
}

export interface MessageRecord extends MessageState {
  headers: string;
  preview: string;
  report: Report | null;
}

export interface Released {
  queued: string[];
  confirmed: string[];
  unchanged: string[];
}

export interface BulkResult {
  done: number;
  results: { id: string; error: string | null }[];
}

/** Messages that are alike, summed up over DMARC reports. All texts are the reporter's. */
export interface DmarcRow {
  domain: string;
  source_ip: string;
  count: number;
  aligned: { spf: boolean; dkim: boolean };
  disposition: string;
  reason: string;
  header_from: string;
  envelope_from: string;
  spf: string;
  dkim: string;
  reporter: string;
  sender: string;
  authenticated: boolean;
  begin: number;
  end: number;
}

export interface DmarcDomain {
  domain: string;
  count: number;
  pass: number;
  fail: number;
  sources: number;
}

export interface DmarcReports {
  rows: DmarcRow[];
  domains: DmarcDomain[];
  totals: {
    reports: number;
    unauthenticated: number;
    left_out: number;
    count: number;
    pass: number;
    fail: number;
    rows: number;
    domains: number;
    kept: number;
  };
  limits: { rows: number; domains: number };
}

export interface StatusCounts {
  held: Record<string, { messages: number; bytes: number }>;
  released: number;
  deleted: number;
  queue: number;
  change_token: number;
}
