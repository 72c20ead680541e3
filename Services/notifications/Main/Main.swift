import Notifications
import ServiceKit

@main enum Main {
    static func main() async { await ServiceRuntime.main(NotificationsService.self) }
}
