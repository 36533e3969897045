import './style/index.css';
import { render } from 'preact';
import { Application } from './application.tsx';

const root = document.getElementById('app');
if (root !== null) render(<Application />, root);
