namespace Homegrown.Engine.Tokenizers;

/// <summary>Working memory that calls one after the other share: a call that comes while it is in use makes its own.</summary>
sealed class Spare<T> where T : class, new()
{
    T? idle;

    public T Take() => Interlocked.Exchange(ref idle, null) ?? new T();

    public void Return(T used) => idle = used;
}
