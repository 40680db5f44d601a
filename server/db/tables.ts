/** Every table and its columns, as Kysely types them. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the migrations' author
export interface Tables {}
