{
  // Before the first paint: the scheme that this reader chose, else the one of the system.
  const chosen = localStorage.getItem('hubfuse-theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
}

export {};
