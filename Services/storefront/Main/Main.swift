import ServiceKit
import Storefront

@main enum Main {
    static func main() async { await ServiceRuntime.main(StorefrontService.self) }
}
