package import JSON

/// A member of an object.
package struct Field: Sendable {
    /// What an actor may do with a member of a method's params under the scope `self`, where the call is about itself.
    package enum OnSelf: Sendable {
        /// It may write it, unless the role says which fields it may write and this is none of them.
        case byDefault
        /// It may write it if the role names it: it decides about more than how somebody is written to.
        case ifNamed
        /// The same, but it may always give its own address, where the method asks for one.
        case ownAddress
        /// It may give it whatever value it likes.
        case any
        case oneOf([JSONValue])

        package static func one(of values: JSONValue...) -> OnSelf { .oneOf(values) }
    }

    package let name: String
    package let shape: Shape
    package let isRequired: Bool
    /// Says how the method goes about it, so it is no field that the call changes.
    package var isOption = false
    /// A text that clients take as bytes too, since that is how a host gets it.
    package var isBytes = false
    /// `nil`: it is the host's to decide, and refused.
    package var onSelf: OnSelf?

    private init(_ name: String, _ shape: Shape, _ description: String?, isRequired: Bool, onSelf: OnSelf?) {
        self.name = name
        self.shape = description.map(shape.described) ?? shape
        self.isRequired = isRequired
        self.onSelf = onSelf
    }

    package static func required(
        _ name: String, _ shape: Shape, _ description: String? = nil, isBytes: Bool = false, onSelf: OnSelf? = nil
    ) -> Field {
        var field = Field(name, shape, description, isRequired: true, onSelf: onSelf)
        field.isBytes = isBytes
        return field
    }

    package static func optional(
        _ name: String, _ shape: Shape, _ description: String? = nil, onSelf: OnSelf? = nil
    ) -> Field {
        Field(name, shape, description, isRequired: false, onSelf: onSelf)
    }

    /// Says how the method goes about it; may be left out.
    package static func option(
        _ name: String, _ shape: Shape, _ description: String? = nil, onSelf: OnSelf? = nil
    ) -> Field {
        var field = Field(name, shape, description, isRequired: false, onSelf: onSelf)
        field.isOption = true
        return field
    }
}
