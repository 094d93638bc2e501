using BenchmarkDotNet.Running;

// Kernels, one by one: bench/README.md says how to run them.
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
