using Homegrown.Server.Wire;

namespace Homegrown.Server.Endpoints;

/// <summary>Work of encoders, which is done at once: on a thread of its own, with the model's complaints as the caller's errors.</summary>
static class EncoderWork
{
    public static async Task<T> RunAsync<T>(string param, Func<T> work, CancellationToken cancellation)
    {
        try
        {
            return await Task.Run(work, cancellation);
        }
        catch (ArgumentException e)
        {
            throw new ApiException(400, e.Message, e) { Param = param };
        }
    }
}
