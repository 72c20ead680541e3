import Glibc
import PaymentsSim
import ServiceKit

@main enum Main {
    static func main() async {
        let arguments = CommandLine.arguments
        guard arguments.count > 1 else { await ServiceRuntime.main(PaymentsSimService.self) }
        guard arguments.count == 4, arguments[1] == "keys" else {
            print("usage: payments-sim                      (settings from the environment; see README.md)")
            print("       payments-sim keys FOLDER URL       (makes development keys for a simulator at URL)")
            exit(64)
        }
        let orders = getenv("ORDERS_URL").map { String(cString: $0) } ?? "http://127.0.0.1:7002"
        let failure = DevelopmentKeys.make(
            folder: arguments[2], url: arguments[3], notifyURL: orders + "/v1/gateways/wechat/notifications")
        if let failure {
            print(failure)
            exit(73)
        }
    }
}
