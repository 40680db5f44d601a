/** What a person may have found out about an order whose fate is unknown. */
export const ORDER_OUTCOMES = ['absent', 'canceled', 'filled'] as const
