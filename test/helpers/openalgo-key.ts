/** The key that the double takes. */
export const OPENALGO_KEY = 'a-key-of-openalgo-0123456789'
