import Orders
import ServiceKit

@main enum Main {
    static func main() async { await ServiceRuntime.main(OrdersService.self) }
}
