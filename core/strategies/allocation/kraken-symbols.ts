import type { SymbolRules } from './symbols.js'

/**
 * Names of assets at Kraken. The venue's older assets have an X (coins) or a Z (currencies) before their own code; newer
 * ones, XCN or XTZ among them, are called what they are called, so the prefix is never cut off by a rule. Balances end
 * in .S staked, .M opt-in rewards, .F automatic earning, .B new yield, .P parachain, .T tokenized, .HOLD on hold.
 */
export const KRAKEN_SYMBOLS: SymbolRules = {
  aliases: new Map([
    ['XXBT', 'BTC'],
    ['XBT', 'BTC'],
    ['XETH', 'ETH'],
    ['ETH2', 'ETH'],
    ['XETH2', 'ETH'],
    ['XXDG', 'DOGE'],
    ['XDG', 'DOGE'],
    ['XETC', 'ETC'],
    ['XICN', 'ICN'],
    ['XLTC', 'LTC'],
    ['XMLN', 'MLN'],
    ['XNMC', 'NMC'],
    ['XREP', 'REP'],
    ['XXLM', 'XLM'],
    ['XXMR', 'XMR'],
    ['XXRP', 'XRP'],
    ['XXVN', 'XVN'],
    ['XZEC', 'ZEC'],
    ['ZAUD', 'AUD'],
    ['ZCAD', 'CAD'],
    ['ZEUR', 'EUR'],
    ['ZGBP', 'GBP'],
    ['ZJPY', 'JPY'],
    ['ZKRW', 'KRW'],
    ['ZUSD', 'USD'],
  ]),
  mark: '',
  custodySuffixes: ['.HOLD', '.S', '.M', '.F', '.B', '.P', '.T'],
  bondedSuffix: '.S',
}
