/// Where the static files are, each with the hash of its content in the address, so that browsers keep them for ever.
struct AssetLinks: Sendable {
    let style: Link
    let logo: Link
    let art: Link
    let page: Link
    let steppers: Link
    let live: Link
    let place: Link

    func module(_ module: WebPage.Module) -> Link {
        switch module {
        case .steppers: steppers
        case .live: live
        case .place: place
        }
    }
}
