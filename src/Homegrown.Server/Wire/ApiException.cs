namespace Homegrown.Server.Wire;

/// <summary>A request that is answered with an error in OpenAI's shape. One line: what is wrong, and what would be right.</summary>
sealed class ApiException(int status, string message, Exception? inner = null) : Exception(message, inner)
{
    public int Status { get; } = status;

    /// <summary>OpenAI's class of errors; SDKs choose their exception by the status.</summary>
    public string Type { get; init; } = status < 500 ? "invalid_request_error" : "server_error";

    /// <summary>The request field at fault, as a path: messages[0].role.</summary>
    public string? Param { get; init; }

    public string? Code { get; init; }

    public ErrorReply ToReply() => new(new ErrorBody(Message, Type, Param, Code));

    /// <summary>A field with a value that it cannot have.</summary>
    public static ApiException Invalid(string param, string message) => new(400, $"'{param}' {message}") { Param = param };

    /// <summary>A field that is understood and not served: said, instead of answering as if it had been obeyed.</summary>
    public static ApiException Unsupported(string param, string message) =>
        new(400, $"'{param}' {message}") { Param = param, Code = "unsupported_parameter" };
}
