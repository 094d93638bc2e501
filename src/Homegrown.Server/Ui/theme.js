// Runs before the first paint, so that a chosen theme does not flash. Without a choice the system's colours hold.
document.documentElement.dataset.theme = localStorage.getItem("homegrown.theme") ?? "";
