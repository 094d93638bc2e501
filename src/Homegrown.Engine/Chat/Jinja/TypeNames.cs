using System.Numerics;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>Python's names for the types of values: error messages speak the language templates are written for.</summary>
static class TypeNames
{
    public static string Of(object? value) => value switch
    {
        null => "NoneType",
        bool => "bool",
        long or BigInteger => "int",
        double => "float",
        Text text => text.IsMarkup ? "Markup" : "str",
        List<object?> => "list",
        TupleValue => "tuple",
        DictValue => "dict",
        DictView view => view.Kind,
        RangeValue => "range",
        Generator => "generator",
        Function => "function",
        Method => "builtin_function_or_method",
        _ => value.GetType().Name,      // Undefined, Macro, Namespace, LoopContext, Cycler: named as in Jinja2
    };

    /// <summary>As Jinja2 names an object that lacks something.</summary>
    public static string Long(object? value) => value switch
    {
        null => "None",
        Undefined or LoopContext or Macro => $"jinja2.runtime.{Of(value)} object",
        Namespace or Cycler => $"jinja2.utils.{Of(value)} object",
        _ => Of(value) + " object",
    };
}
