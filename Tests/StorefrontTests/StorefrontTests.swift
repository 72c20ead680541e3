import Testing
@testable import Storefront
