// @ts-check
/**
 * The parts of the daemon's view that the page draws; the whole is described in /api/v1/openapi.json.
 * @typedef {{code: string, text: string}} Flag
 * @typedef {{id: string, name: string, rights: string[]}} Person
 * @typedef {{id: string, position: number, description: string, quantity: string, unit: string, unit_price: string,
 *   total: string, flags: Flag[], newest: boolean, can_change_quantity: boolean}} LineView
 * @typedef {{label: string, taxable: string, tax: string}} TaxView
 * @typedef {{label: string, amount_cents: number, exact: boolean}} QuickCash
 * @typedef {{id: string, name: string, amount: string}} TenderView
 * @typedef {{title: string, why: string, yes: string, tender?: OpenTenderView}} Sure
 * @typedef {{name: "void" | "retry" | "confirm" | "deny", text: string, sure: Sure | null}} TenderAction
 * @typedef {{step: string, title: string, text: string, hint: string}} CardView
 * @typedef {TenderView & {state: string, text: string, actions: TenderAction[], card: CardView | null}} OpenTenderView
 * @typedef {{id: string, lines: LineView[], item_count: number, items_text: string, total: string, due: string,
 *   remaining: string, remaining_cents: number, given: string, given_cents: number, outstanding: string, outstanding_cents: number, rounding: string | null,
 *   taxes: TaxView[], tenders: OpenTenderView[], quick_cash: QuickCash[], can_pay: boolean}} SaleView
 * @typedef {{sale: string, document: string, formatted: string, total: string, tendered: string, change: string, change_cents: number,
 *   print: string | null}} DoneView
 * @typedef {{name: "again" | "dismiss", text: string}} PrintAction
 * @typedef {{id: string, of: string, title: string, state: string, text: string, needs_person: boolean,
 *   actions: PrintAction[]}} PrintView
 * @typedef {{id: string, sku: string, name: string, unit: string, price: string | null}} ItemView
 * @typedef {{id: number, code: string, kind: "alarm" | "price" | "candidates", text: string, of_scan: boolean, item: string | null,
 *   candidates: ItemView[]}} NoticeView
 * @typedef {{label: string, amount: string}} ZRow
 * @typedef {{title: string, business_day: string, summary: ZRow[], tenders: ZRow[], taxes: TaxView[], expected: string,
 *   counted: string, over_short: string, over_short_cents: number, verdict: string}} ZView
 * @typedef {{decimal: string, group: string, digits: number, prefix: string, suffix: string}} MoneyFormat
 * @typedef {{name: string, kind: string, label: string, availability: string, text: string}} DeviceView
 * @typedef {{revision: number, language: string, languages: {code: string, name: string}[], texts_version: string,
 *   mode_text: string, screen: string, till: {name: string, code: string, shop: string}, money: MoneyFormat,
 *   clock: {time: string, day: string, question: string | null}, operator: {id: string, name: string} | null,
 *   operators: Person[], session: {business_day: string, opened: string} | null,
 *   sale: SaleView | null, done: DoneView | null, tender_types: {code: string, kind: string, name: string, by_reader: boolean}[],
 *   devices: DeviceView[], network: {state: string, unsent: number, text: string, unsent_text: string},
 *   prints: PrintView[], notices: NoticeView[], last_z: ZView | null}} View
 * @typedef {{removed: string[], set: LineView[]}} LineChanges
 * @typedef {{revision: number, sections: Partial<Omit<View, "sale" | "revision">> & {sale?: Omit<SaleView, "lines"> | null},
 *   lines?: LineChanges}} ChangesFrame
 * @typedef {{formatted: string, moment: string, total: string, change: string, print: string | null,
 *   lines: {description: string, quantity: string, unit_price: string, total: string}[], tenders: TenderView[]}} ReceiptView
 * @typedef {{name: string, line?: string, item?: ItemView, receipt?: ReceiptView | null, notice?: NoticeView, tender?: OpenTenderView,
 *   asked?: any}} Panel
 */
export {}
