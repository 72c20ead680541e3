// Parts, deposits, money at the counter, points.
extension Phrase {
    static let cash = Phrase("现金", "Cash")
    static let terminal = Phrase("店内刷卡", "Card terminal")
    static let points = Phrase("积分", "Points")
    static let movePartPaid = Phrase("已支付一部分", "Paid in part")
    static let moveDepositAgreed = Phrase("约定了定金", "Deposit agreed")
    static let moveDepositPaid = Phrase("定金已付", "Deposit paid")
}
