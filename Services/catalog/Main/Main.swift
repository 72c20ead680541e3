import Catalog
import ServiceKit

@main enum Main {
    static func main() async { await ServiceRuntime.main(CatalogService.self) }
}
