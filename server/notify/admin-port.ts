/** A request to the admin listener, as a program outside would send it. */
export interface AdminRequest {
  /** Under the listener's root: /v1/portfolios. */
  readonly path: string
  /** Of a command: its body, and the key under which it is carried out once. Left out: something is asked. */
  readonly command?: { readonly key: string; readonly body: unknown }
}

/** What the admin listener answers. */
export interface AdminAnswer {
  readonly status: number
  readonly body: unknown
}

/** Asks the admin listener of this service, past the network and with its token; rejects when it fails. */
export type AskAdmin = (request: AdminRequest) => Promise<AdminAnswer>
